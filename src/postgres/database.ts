import pg from 'pg'
import { ServiceError } from '../errors.ts'
import type { Address } from './connection/url.ts'
import { findRunning } from './embedded/server.ts'
import type { DataDir } from './embedded/data-dir.ts'
import { keepEmbedded } from './embedded/keep.ts'
import { createPool, endPool, type Connection } from './connection/pool.ts'

export type DatabaseOptions = {
  /** A server's address, or the directory of the embedded database. */
  readonly at: Address | DataDir
  /** The setting or option that named the server; `DATABASE_URL` by default. */
  readonly namedBy?: string
  readonly poolSize: number
  readonly log: { warn(message: string): void; debug(message: string): void }
}

export type Database = AsyncDisposable & {
  /** For what may take a minute: maintenance, and commands. */
  readonly pool: pg.Pool
  /** For what goes on by itself, in short transactions. A connection that fell silent is given up in time. */
  readonly working: pg.Pool
  /** For what somebody waits for: a database that does not answer is told soon. */
  readonly answering: pg.Pool
  /** For leases alone: however much else there is to do, a leader says in time that it is alive. */
  readonly leading: pg.Pool
  /** Whether this process holds the database, and nobody leads when it starts. */
  readonly isOurs: boolean
  /** For people: a folder, or a server's address without its password. */
  readonly location: string
  /** Whether the data lies elsewhere than one looks first. */
  readonly moved: boolean
  /** Whether another process serves the embedded database: a running service, as a rule. */
  readonly isShared: boolean
}

/**
 * The database of this process: a server's, or the embedded one, which this process then holds alone.
 * @throws ServiceError `storage_unavailable` where the server does not let us in
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { at, log } = options
  if ('url' in at) {
    const { namedBy = 'DATABASE_URL' } = options
    await using opening = new AsyncDisposableStack()
    const opened = opening.use(database(options, at.url, { location: at.shown, moved: false, isShared: false }))
    await assertAnswers(opened.pool, at, namedBy)
    opening.move()
    return opened
  }
  const { path, moved } = at
  const onExit = (reason: string) => log.warn(`${reason} Starting it again.`)
  const embedded = await keepEmbedded({ state: path, log: (line) => log.debug(line.trimEnd()), onExit })
  return database(options, embedded.connection, { location: path, moved, isShared: false, stop: () => embedded.stop() })
}

/** As `openDatabase`, for a command beside a service: where one runs on the embedded database, its server serves both. */
export async function joinDatabase(options: DatabaseOptions): Promise<Database> {
  const { at } = options
  const running = 'url' in at ? undefined : await findRunning(at.path)
  if ('url' in at || running === undefined) return openDatabase(options)
  return database(options, running, { location: at.path, moved: at.moved, isShared: true })
}

/** Callers are told within 2 s that the database is away. */
const ANSWER_WITHIN_MS = 1_500
/** Transactions of ours last some 200 ms: enough for a machine forty times as slow, and soon enough to go on within 12 s. */
const WORK_WITHIN_MS = 8_000
const MAINTENANCE_SIZE = 2

type Location = Pick<Database, 'location' | 'moved' | 'isShared'> & { readonly stop?: () => Promise<void> }

function database({ poolSize, log }: DatabaseOptions, connection: Connection, { stop, ...where }: Location): Database {
  const onError = (error: Error) => log.debug(`connection: ${error.message}`)
  const size = Math.floor(poolSize / 2)
  const pools = {
    pool: createPool(connection, { size: MAINTENANCE_SIZE, onError }),
    working: createPool(connection, { size: poolSize - size, onError, answerWithinMs: WORK_WITHIN_MS }),
    answering: createPool(connection, { size, onError, answerWithinMs: ANSWER_WITHIN_MS }),
    leading: createPool(connection, { size: 1, onError, answerWithinMs: ANSWER_WITHIN_MS }),
  }
  const close = async () => {
    await Promise.all(Object.values(pools).map(endPool))
    await stop?.()
  }
  return { ...pools, isOurs: stop !== undefined, ...where, [Symbol.asyncDispose]: close }
}

/** Says what `pg` does not: where it was looked for, and which setting says so. */
async function assertAnswers(pool: pg.Pool, { host, port }: Address, name: string): Promise<void> {
  try {
    await pool.query('select 1')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const isRefusedByServer = error instanceof pg.DatabaseError
    const why = isRefusedByServer ? message : `no PostgreSQL answers at ${host}:${port} (${code ?? message})`
    throw new ServiceError('storage_unavailable', `${name}: ${why}.`, { cause: error })
  }
}
