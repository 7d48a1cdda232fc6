import type pg from 'pg'
import { HIGH_WATER_MARK } from '../../src/postgres/log/log.ts'
import { until } from './until.ts'

/** Waits until all that was written shows in the log: a transaction of any other test on the server may hold that back. */
export async function untilSettled(pool: pg.Pool): Promise<void> {
  await until(async () => {
    const { rowCount } = await pool.query(`select from prices where (epoch, xid) >= (${HIGH_WATER_MARK}) limit 1`)
    return rowCount === 0
  }, 'all prices settled')
}
