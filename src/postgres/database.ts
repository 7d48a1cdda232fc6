import pg from 'pg'
import { ServiceError } from '../errors.ts'
import type { Address } from './connection/url.ts'
import { findRunning } from './embedded/server.ts'
import type { DataDir } from './embedded/data-dir.ts'
import { keepEmbedded } from './embedded/keep.ts'
import { driverErrorOf } from './connection/errors.ts'
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
  /** For statements that may take a minute: maintenance and commands. */
  readonly pool: pg.Pool
  /** For workers, in short transactions. A silent connection is given up in time. */
  readonly working: pg.Pool
  /** For requests that a caller waits for: they fail soon if the database does not answer. */
  readonly answering: pg.Pool
  /** For leases only: however busy the process is, a leader renews its lease in time. */
  readonly leading: pg.Pool
  /** Whether this process holds the embedded database: then no other process has a lease when it starts. */
  readonly isOurs: boolean
  /** For users: a folder, or a server's URL without its password. */
  readonly location: string
  /** The folder of the embedded database's socket, for other clients. */
  readonly socket?: string | undefined
  /** Whether the data is elsewhere than in the default folder. */
  readonly moved: boolean
  /** Whether another process holds the embedded database: usually a running service. */
  readonly isShared: boolean
}

/**
 * The database of this process: a server's, or the embedded one, which this process then holds alone.
 * @throws ServiceError `storage_unavailable` if the server does not accept a connection, `invalid_request` for a bad URL
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
  const { host: socket } = embedded.connection
  const stop = () => embedded.stop()
  return database(options, embedded.connection, { location: path, moved, isShared: false, socket, stop })
}

/** As `openDatabase`, for a command that may run beside a service: if one holds the embedded database, its server serves both. */
export async function joinDatabase(options: DatabaseOptions): Promise<Database> {
  const { at } = options
  const running = 'url' in at ? undefined : await findRunning(at.path)
  if ('url' in at || running === undefined) return openDatabase(options)
  return database(options, running, { location: at.path, moved: at.moved, isShared: true, socket: running.host })
}

/** Requests fail within 2 s if the database is unavailable. */
const ANSWER_WITHIN_MS = 1_500
/** Our transactions last some 200 ms: enough for a machine forty times slower, and short enough to resume within 12 s. */
const WORK_WITHIN_MS = 8_000
const MAINTENANCE_SIZE = 2

type Location = Pick<Database, 'location' | 'moved' | 'isShared' | 'socket'> & { readonly stop?: () => Promise<void> }

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

/** Adds to the error of `pg` which server was tried, and which setting names it. */
async function assertAnswers(pool: pg.Pool, { host, port }: Address, name: string): Promise<void> {
  try {
    await pool.query('select 1')
  } catch (error) {
    const reason = driverErrorOf(error)
    const { code, message } = reason as NodeJS.ErrnoException
    const isRefusedByServer = reason instanceof pg.DatabaseError
    const why = isRefusedByServer ? message : `no PostgreSQL answers at ${host}:${port} (${code ?? message})`
    throw new ServiceError('storage_unavailable', `${name}: ${why}.`, { cause: error })
  }
}
