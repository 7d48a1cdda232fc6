import type pg from 'pg'
import { ServiceError } from '../../errors.ts'

/**
 * An empty table that is there as long as a database is being filled by `copy` or `restore`, also after one of them was
 * ended before its end. Not of a migration: it must be there before them.
 */
export const UNFINISHED = 'unfinished_move'

/** @throws ServiceError `conflict` where a copy or a restore has not come to its end: nobody is to work with a part */
export async function assertWhole(pool: pg.Pool): Promise<void> {
  if (!(await isUnfinished(pool))) return
  const detail =
    'The database is being filled by market-data copy or restore, or one of them was interrupted: run it to its end.'
  throw new ServiceError('conflict', detail)
}

/** Whether what is in the database is a part that nobody counts on. */
export async function isUnfinished(pool: pg.Pool): Promise<boolean> {
  const { rows } = await pool.query<{ isThere: boolean }>(
    `select to_regclass('${UNFINISHED}') is not null as "isThere"`,
  )
  return rows[0]?.isThere === true
}
