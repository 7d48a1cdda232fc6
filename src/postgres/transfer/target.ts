import type pg from 'pg'
import { ServiceError } from '../../errors.ts'
import { migrateTo } from '../schema/migrate.ts'
import { inTransaction } from '../connection/transaction.ts'
import { describeTables, type Table } from '../schema/catalogue.ts'
import { isUnfinished, UNFINISHED } from '../schema/unfinished.ts'

/**
 * Makes a database ready to be filled, with the tables of these migrations, and marks it as unfinished: until
 * `finishTarget` no service starts on it. What an earlier, unfinished move left there stays.
 * @throws ServiceError `conflict` where it holds anything else, or a service works on it
 */
export async function prepareTarget(pool: pg.Pool, migrations: readonly string[]): Promise<void> {
  const others = await countSessions(pool)
  if (others > 0)
    throw new ServiceError('conflict', 'A service runs on the database that is to be filled: stop it first.')
  if (!(await isUnfinished(pool))) await assertEmpty(pool)
  await migrateTo(pool, migrations)
  await pool.query(`create table if not exists ${UNFINISHED} ()`)
}

export type Arrived = {
  /** Of the source: every place in its log stays valid, and what comes next is behind all of them. */
  readonly epoch: number
  readonly lastIds: ReadonlyMap<string, string | null>
}

/** The last step of a move, all or nothing: from then on the database may serve. */
export async function finishTarget(pool: pg.Pool, { epoch, lastIds }: Arrived): Promise<void> {
  await inTransaction(pool, async (client) => {
    await client.query('update log_epoch set epoch = $1', [epoch + 1])
    for (const table of await describeTables(client)) await goOnBehind(client, table, lastIds.get(table.name) ?? null)
    await client.query(`drop table ${UNFINISHED}`)
  })
}

/** Where the last number that was given is not known, it is the highest that is there. */
async function goOnBehind(client: pg.ClientBase, { name, identity, sequence }: Table, lastId: string | null) {
  if (sequence === null) return
  const last = `greatest($2::bigint, (select max("${identity}") from ${name}))`
  await client.query(`select setval($1, ${last})`, [sequence, lastId])
}

/** How many other sessions of ours the database has: services, or other commands. */
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
    if (rowCount !== 0)
      throw new ServiceError('conflict', `The database that is to be filled is not empty: it has ${name}.`)
  }
}
