import type pg from 'pg'
import { ServiceError } from '../../errors.ts'

/**
 * An empty table that exists while `copy` or `restore` fills a database, also after one of them was interrupted. No migration
 * creates it: it must exist before them.
 */
export const UNFINISHED = 'unfinished_move'

/** @throws ServiceError `conflict` if a copy or a restore is not complete: no process may work with a part of the rows */
export async function assertWhole(pool: pg.Pool): Promise<void> {
  if (!(await isUnfinished(pool))) return
  const detail =
    'The database is being filled by market-data copy or restore, or one of them was interrupted: run it again to complete it.'
  throw new ServiceError('conflict', detail)
}

/** Whether a copy or a restore of this database is not complete. */
export async function isUnfinished(pool: pg.Pool): Promise<boolean> {
  const { rows } = await pool.query<{ exists: boolean }>(`select to_regclass('${UNFINISHED}') is not null as "exists"`)
  return rows[0]?.exists === true
}
