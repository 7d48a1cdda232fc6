import pg from 'pg'
import { ServiceError } from '../errors.ts'
import { parseInstant } from '../prices/instant.ts'
import type { PoolUse } from '../prices/service-facts.ts'

/** Where a PostgreSQL answers: an address, or the private socket of the embedded one. */
export type Connection =
  | string
  | { readonly host: string; readonly port: number; readonly user: string; readonly database: string }

type Options = {
  /** The most connections that are open at once. */
  readonly size: number
  /** Hears of a connection that broke while idle; without a listener Node would end the process. */
  readonly onError: (error: Error) => void
  /** How long a connection and a statement may take before the database counts as away. */
  readonly answerWithinMs?: number | undefined
}

const STATEMENT_TIMEOUT_MS = 60_000
const CONNECT_TIMEOUT_MS = 2_000
/** The server ends a statement that takes too long, and says so; only one that is frozen says nothing. */
const SILENCE_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 5_000

/**
 * A pool whose rows speak our words: int8, numeric and xid8 come as exact text, timestamptz as `Instant`.
 * A connection idle in a transaction is cut off after 3 s, since it would hold back the log for everybody (design §4).
 */
export function createPool(connection: Connection, { size, onError, answerWithinMs }: Options): pg.Pool {
  const target = typeof connection === 'string' ? { connectionString: connection } : connection
  const pool = new pg.Pool({
    ...target,
    max: size,
    application_name: 'market-data',
    connectionTimeoutMillis: answerWithinMs ?? CONNECT_TIMEOUT_MS,
    query_timeout: answerWithinMs ?? SILENCE_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: 3_000,
    // Averages rely on a fresh snapshot for each statement; compiling statements costs ours more than it saves.
    options: '-c timezone=UTC -c datestyle=iso -c jit=off -c default_transaction_isolation=read\\ committed',
    types: { getTypeParser },
  })
  pool.on('error', onError)
  // A connection that is lent out is listened to by nobody, and Node would end the process; who lent it hears by its query.
  pool.on('connect', (client) => client.on('error', () => {}))
  return pool
}

/**
 * A pooler between us and the server may drop our settings, and everybody would wait for a process frozen in a transaction.
 * @throws ServiceError `conflict` where they did not arrive
 */
export async function assertSettings(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<Settings>(READ_SETTINGS)
  if (rows[0]?.timezone === 'UTC' && rows[0].idle !== '0') return
  const detail = 'A pooler drops our settings on the way to PostgreSQL: connect directly, or set them for the role.'
  throw new ServiceError('conflict', detail)
}

/** Whoever gets hold of such a connection owns the whole server: worth a warning, since no work of ours needs it. */
export async function isSuperuser(pool: pg.Pool): Promise<boolean> {
  const { rows } = await pool.query<{ is: string }>(`select current_setting('is_superuser') as is`)
  return rows[0]?.is === 'on'
}

type Settings = { readonly timezone: string; readonly idle: string }

const READ_SETTINGS = `
  select current_setting('TimeZone') as timezone, current_setting('idle_in_transaction_session_timeout') as idle`

/** What the connections of some pools do now. */
export function poolUse(pools: Readonly<Record<string, pg.Pool>>): readonly PoolUse[] {
  return Object.entries(pools).map(([name, { totalCount, idleCount, waitingCount }]) => ({
    name,
    busy: totalCount - idleCount,
    idle: idleCount,
    waiting: waitingCount,
  }))
}

/** Runs last in a transaction, and refuses what may not be committed by throwing. */
export type Fence = (client: pg.PoolClient) => Promise<void>

/** Runs the work in one transaction; a failure, of the work, the fence or the commit, rolls back and is thrown. */
export async function inTransaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
  fence?: Fence,
): Promise<T> {
  const client = await pool.connect()
  let broken = false
  try {
    await client.query('begin')
    const result = await work(client)
    await fence?.(client)
    await client.query('commit')
    return result
  } catch (error) {
    broken = isSilence(error)
    if (!broken) await client.query('rollback').catch(() => (broken = true))
    throw error
  } finally {
    client.release(broken)
  }
}

/** pg gives up waiting: there is no point in asking for a rollback too, and the session's end is one. */
function isSilence(error: unknown): boolean {
  return error instanceof Error && error.message === 'Query read timeout'
}

const getTypeParser: pg.CustomTypesConfig['getTypeParser'] = (oid, format) => {
  if (oid === pg.types.builtins.TIMESTAMPTZ) return (text: string) => parseInstant(text) ?? text
  return pg.types.getTypeParser(oid, format)
}
