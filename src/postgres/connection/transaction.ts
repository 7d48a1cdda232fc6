import type pg from 'pg'
import { isQueryTimeout } from './errors.ts'

/** Runs last in a transaction; throws if the transaction may not be committed. */
export type Fence = (client: pg.PoolClient) => Promise<void>

/** Runs the work in one transaction. If the work, the fence or the commit fails, it rolls back and throws. */
export function inTransaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
  fence?: Fence,
): Promise<T> {
  return inTransactionFrom(pool, { open: async () => {}, work, fence })
}

type Steps<Seen, T> = {
  readonly open: (client: pg.PoolClient) => Promise<Seen>
  readonly work: (client: pg.PoolClient, seen: Seen) => Promise<T>
  readonly fence?: Fence | undefined
}

/**
 * As `inTransaction`, for work that begins with locks and reads: they are sent together with `begin`, in one round trip.
 * They run even if `begin` fails, so what writes there must ask whether there is a transaction (`lockForStoring`).
 */
export async function inTransactionFrom<Seen, T>(pool: pg.Pool, { open, work, fence }: Steps<Seen, T>): Promise<T> {
  const client = await pool.connect()
  let broken = false
  try {
    const [, seen] = await Promise.all([client.query('begin'), open(client)])
    const result = await work(client, seen)
    await fence?.(client)
    await client.query('commit')
    return result
  } catch (error) {
    // `pg` gave up waiting: a rollback would wait as well, and the end of the session rolls back.
    broken = isQueryTimeout(error)
    if (!broken) await client.query('rollback').catch(() => (broken = true))
    throw error
  } finally {
    client.release(broken)
  }
}

/** Reads the database as it is at one moment, however long that takes. It has no transaction id, so it never holds back the log. */
export function inSnapshot<T>(pool: pg.Pool, read: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  return inTransaction(pool, async (client) => {
    await client.query(ONE_SNAPSHOT)
    return read(client)
  })
}

/** A statement that may read a whole table. In a snapshot it may take an hour, whatever the limit of its pool. */
export function longRead(text: string): pg.QueryConfig {
  // A variable, since the types of `pg` know this limit for a pool only.
  const config = { text, query_timeout: LONG_READ_MS }
  return config
}

const LONG_READ_MS = 3_600_000

const ONE_SNAPSHOT = `
  set transaction isolation level repeatable read, read only;
  set local statement_timeout = ${LONG_READ_MS};
  set local idle_in_transaction_session_timeout = '10min'`
