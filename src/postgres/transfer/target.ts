import type pg from 'pg'
import { ServiceError } from '../../errors.ts'
import { migrateTo } from '../schema/migrate.ts'
import { inTransaction } from '../connection/transaction.ts'
import { describeTables, type Table } from '../schema/catalogue.ts'
import { isUnfinished, UNFINISHED } from '../schema/unfinished.ts'

/**
 * Prepares a database to be filled: creates the tables of these migrations and marks it as unfinished, so that no service
 * starts on it before `finishTarget`. Rows of an earlier, unfinished transfer stay.
 * @throws ServiceError `conflict` if it has any other rows, or a service uses it
 */
export async function prepareTarget(pool: pg.Pool, migrations: readonly string[]): Promise<void> {
  const others = await countSessions(pool)
  if (others > 0) throw new ServiceError('conflict', 'A service runs on the target database: stop it first.')
  if (!(await isUnfinished(pool))) await assertEmpty(pool)
  await migrateTo(pool, migrations)
  await pool.query(`create table if not exists ${UNFINISHED} ()`)
}

export type SourceState = {
  /** The source's: every position in its log stays valid, and new entries come after all of them. */
  readonly epoch: number
  readonly lastIds: ReadonlyMap<string, string | null>
}

/** The last step of a transfer, all or nothing: from then on a service may start on the database. */
export async function finishTarget(pool: pg.Pool, { epoch, lastIds }: SourceState): Promise<void> {
  await inTransaction(pool, async (client) => {
    await client.query('update log_epoch set epoch = $1', [epoch + 1])
    for (const table of await describeTables(client))
      await continueNumbers(client, table, lastIds.get(table.name) ?? null)
    await client.query(`drop table ${UNFINISHED}`)
  })
}

/** New rows get numbers after the last one that was assigned; if that is unknown, after the highest one that is stored. */
async function continueNumbers(client: pg.ClientBase, { name, identity, sequence }: Table, lastId: string | null) {
  if (sequence === null) return
  const last = `greatest($2::bigint, (select max("${identity}") from ${name}))`
  await client.query(`select setval($1, ${last})`, [sequence, lastId])
}

/** The number of other sessions of ours on the database: of services or other commands. */
export async function countSessions(pool: pg.Pool | pg.ClientBase): Promise<number> {
  const { rows } = await pool.query<{ others: number }>(COUNT_SESSIONS)
  return rows[0]?.others ?? 0
}

const COUNT_SESSIONS = `
  select count(*)::integer as others from pg_stat_activity
   where datname = current_database() and application_name = 'market-data' and pid <> pg_backend_pid()`

async function assertEmpty(pool: pg.Pool): Promise<void> {
  for (const { name } of await describeTables(pool)) {
    const { rowCount } = await pool.query(`select from ${name} limit 1`)
    if (rowCount !== 0) throw new ServiceError('conflict', `The target database is not empty: it has rows in ${name}.`)
  }
}
