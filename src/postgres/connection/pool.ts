import { Socket } from 'node:net'
import pg from 'pg'
import { ServiceError } from '../../errors.ts'
import type { PoolUse } from '../../core/health/status.ts'
import { batching } from './batching-socket.ts'
import { isQueryTimeout, storageFailureOf, toStorageError, type StorageFailure } from './errors.ts'
import { getTypeParser } from './values.ts'

/** Where a PostgreSQL listens: a URL, or the private socket of the embedded one. */
export type Connection = string | SocketConnection

export type SocketConnection = {
  /** A host, or the folder of a Unix socket, which `pg` accepts as one. */
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
}

type Options = {
  /** The most connections that are open at once. */
  readonly size: number
  /** Called when an idle connection breaks; without a listener Node would end the process. */
  readonly onError: (error: Error) => void
  /** Milliseconds after which a statement fails because the database counts as unavailable; a minute by default. */
  readonly answerWithinMs?: number | undefined
  /** Milliseconds after which an idle connection beyond the first two is closed; a minute by default. */
  readonly idleMs?: number
}

const STATEMENT_MS = 60_000
const CONNECT_MS = 2_000
/** To open a connection costs the server several milliseconds, and seconds if the machine is busy: a few always stay open. */
const KEPT = 2
const IDLE_MS = 60_000
/** After as long without data, the system probes a connection each second, and ten lost probes close it. */
const KEEP_ALIVE_MS = 5_000
const END_WITHIN_MS = 2_000

/**
 * A pool that returns int8, numeric and xid8 as exact text, and timestamptz as `Instant`. A failure of the storage leaves
 * it as `ServiceError` `storage_unavailable`, with the driver's error as its cause; any other error as PostgreSQL sent it.
 * The server closes a connection that is idle in a transaction for 3 s, because such a transaction holds back the log for
 * every reader.
 */
export function createPool(connection: Connection, options: Options): pg.Pool {
  const { size, onError, answerWithinMs = STATEMENT_MS, idleMs = IDLE_MS } = options
  const target = typeof connection === 'string' ? { connectionString: connection } : connection
  const state: State = { open: new Set(), idle: new Set(), changes: 0, observers: [] }
  const pool = new pg.Pool({
    ...target,
    max: size,
    min: Math.min(size, KEPT),
    application_name: 'market-data',
    connectionTimeoutMillis: Math.min(answerWithinMs, CONNECT_MS),
    idleTimeoutMillis: idleMs,
    // Both the client and the server give up: either of them may be the one that is frozen.
    query_timeout: answerWithinMs,
    statement_timeout: answerWithinMs,
    idle_in_transaction_session_timeout: 3_000,
    // Statements that do not wait for each other's results are sent at once; the server still runs them one by one.
    pipeline: true,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    stream: () => openSocket(state),
    // The pool waits for the promise, whatever its types say.
    // oxlint-disable-next-line no-misused-promises
    onConnect: (client) => client.query(NOTICE_CLOSED_CLIENTS),
    // Averages rely on a fresh snapshot for each statement. Compiling our statements takes longer than it saves.
    options: '-c timezone=UTC -c datestyle=iso -c jit=off -c default_transaction_isolation=read\\ committed',
    types: { getTypeParser },
  })
  stateOf.set(pool, state)
  pool.on('error', onError)
  pool.on('connect', (client) => {
    // While a connection is lent out nothing else listens, and Node would end the process. Its query fails anyway.
    client.on('error', () => {})
    Object.assign(client, { query: translating(state, client.query.bind(client)) })
  })
  pool.on('acquire', (client) => state.idle.delete(client))
  pool.on('release', (_, client) => state.idle.add(client))
  pool.on('remove', (client) => state.idle.delete(client))
  return Object.assign(pool, {
    query: translating(state, pool.query.bind(pool)),
    connect: translating(state, pool.connect.bind(pool)),
  })
}

/**
 * Opens the connections that a pool keeps, so that the first requests do not wait for it. A failure is left to the
 * statement that needs a connection.
 */
export async function openKept(pool: pg.Pool): Promise<void> {
  const opened = await Promise.allSettled(Array.from({ length: KEPT }, () => pool.connect()))
  for (const one of opened) if (one.status === 'fulfilled') one.value.release()
}

/** Learns whether the storage works, from every statement of a pool. */
export type PoolObserver = {
  /** @param error as the pool threw it */
  failed(failure: StorageFailure, error: unknown): void
  /** @param hasStored whether the statement added rows, for which the disk had space */
  worked(hasStored: boolean): void
}

/** Adds an observer of each statement from now on, whether the pool or one of its connections runs it. */
export function observePool(pool: pg.Pool, observer: PoolObserver): void {
  stateOf.get(pool)?.observers.push(observer)
}

/** Tells the observers that a statement added rows which is none of the statements that they can tell that from. */
export function reportStored(pool: pg.Pool): void {
  for (const observer of stateOf.get(pool)?.observers ?? []) observer.worked(true)
}

/** Increases with each connection that is opened or closed: from then on another server may answer. */
export function turnover(pool: pg.Pool): number {
  return stateOf.get(pool)?.changes ?? 0
}

/**
 * Ends a pool within 2 s, and closes the connections that are still busy by then: a frozen server would block us forever.
 * `pg` has no such end (https://github.com/brianc/node-postgres/issues/2199): with one, `State.open` can go.
 */
export async function endPool(pool: pg.Pool): Promise<void> {
  const open = [...(stateOf.get(pool)?.open ?? [])]
  // Not `once`, which rejects if the socket fails first: a connection to a dead server breaks with the farewell.
  const closed = Promise.all(open.map((socket) => new Promise((resolve) => void socket.once('close', resolve))))
  const timer = setTimeout(() => open.forEach((socket) => socket.destroy()), END_WITHIN_MS)
  await Promise.all([pool.end(), closed]).finally(() => clearTimeout(timer))
}

type State = {
  readonly open: Set<Socket>
  readonly idle: Set<pg.PoolClient>
  changes: number
  readonly observers: PoolObserver[]
}

/** Beside the pool, since `pg.Pool` has no member for it. */
const stateOf = new WeakMap<pg.Pool, State>()

function openSocket(state: State): Socket {
  const socket = batching(new Socket())
  state.open.add(socket)
  state.changes += 1
  socket.once('close', () => {
    state.open.delete(socket)
    state.changes += 1
  })
  return socket
}

/**
 * The same function, but an error of its promise is translated by `toStorageError`, and the outcome is reported to the
 * observers. Calls with a callback return no promise and are left alone: only `pg` itself makes those. `pg` 8.23 has no hook
 * for the outcome of a statement (its `Client` has no `query` event); with one, only the translation would stay here.
 */
function translating<Act extends (...args: never[]) => unknown>(state: State, act: Act): Act {
  const { observers } = state
  const report = (result: unknown) => {
    if (isResult(result)) for (const observer of observers) observer.worked(hasStored(result))
    return result
  }
  const fail = (reason: unknown): never => {
    if (isQueryTimeout(reason)) closeIdle(state)
    const error = toStorageError(reason)
    const failure = storageFailureOf(error)
    if (failure !== undefined) for (const observer of observers) observer.failed(failure, error)
    throw error
  }
  const translated = (...args: Parameters<Act>) => {
    const running = act(...args)
    return running instanceof Promise ? running.then(report, fail) : running
  }
  return translated as Act
}

/**
 * A broken network may silence all connections at once: when one did not answer, the next statements open new ones. `pg`
 * removes an idle connection at once only if it reports an error.
 */
function closeIdle({ idle }: State): void {
  for (const client of idle) {
    client.emit('error', new Error('closed, because another connection did not answer'))
    client.connection.stream.destroy()
  }
  idle.clear()
}

/** Whether it is the result of statements; a client, which `connect` returns, is none and shows nothing of the storage. */
function isResult(result: unknown): result is pg.QueryResult | pg.QueryResult[] {
  return Array.isArray(result) || (typeof result === 'object' && result !== null && 'command' in result)
}

function hasStored(result: pg.QueryResult | pg.QueryResult[]): boolean {
  return [result].flat().some(({ command, rowCount }) => command === 'INSERT' && (rowCount ?? 0) > 0)
}

/**
 * A server that works for a client notices only at the end of its work that the client is gone. From PostgreSQL 14 on, and
 * if its system can tell, it checks each second: then a statement that we no longer wait for ends, and does not hold back the log.
 */
const NOTICE_CLOSED_CLIENTS = `
  do $$ begin
    perform set_config('client_connection_check_interval', '1s', false);
  exception when undefined_object or invalid_parameter_value then null;
  end $$`

/**
 * A pooler between us and the server may drop our settings: then a process that is frozen in a transaction would block all others.
 * @throws ServiceError `conflict` if the settings did not arrive
 */
export async function assertSettings(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<Settings>(READ_SETTINGS)
  if (rows[0]?.timezone === 'UTC' && rows[0].idle !== '0') return
  const detail = 'A pooler drops our settings on the way to PostgreSQL: connect directly, or set them for the role.'
  throw new ServiceError('conflict', detail)
}

/** Whether the user is a superuser. It is worth a warning: no work of ours needs it, and such a connection controls the whole server. */
export async function isSuperuser(pool: pg.Pool): Promise<boolean> {
  const { rows } = await pool.query<{ is: string }>(`select current_setting('is_superuser') as is`)
  return rows[0]?.is === 'on'
}

type Settings = { readonly timezone: string; readonly idle: string }

const READ_SETTINGS = `
  select current_setting('TimeZone') as timezone, current_setting('idle_in_transaction_session_timeout') as idle`

/** How many connections of some named pools are busy or idle now, and how many callers wait for one. */
export function poolUse(pools: readonly (readonly [name: string, pool: pg.Pool])[]): readonly PoolUse[] {
  return pools.map(([name, { totalCount, idleCount, waitingCount }]) => ({
    name,
    busy: totalCount - idleCount,
    idle: idleCount,
    waiting: waitingCount,
  }))
}
