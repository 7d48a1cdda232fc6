import type pg from 'pg'
import { HIGH_WATER_MARK } from '../../src/postgres/log/log.ts'
import { until } from './until.ts'

/** Waits until every stored price is in the log; a transaction of another test on the server may delay it. */
export async function untilStable(pool: pg.Pool): Promise<void> {
  await until(async () => {
    const { rowCount } = await pool.query(`select from prices where (epoch, xid) >= (${HIGH_WATER_MARK}) limit 1`)
    return rowCount === 0
  }, 'every price is stable')
}
