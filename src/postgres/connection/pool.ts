import { once } from 'node:events'
import { Socket } from 'node:net'
import pg from 'pg'
import { ServiceError } from '../../errors.ts'
import { parseInstant, type Instant } from '../../lib/instant.ts'
import type { PoolUse } from '../../core/health/status.ts'

/** Where a PostgreSQL answers: an address, or the private socket of the embedded one. */
export type Connection =
  | string
  | { readonly host: string; readonly port: number; readonly user: string; readonly database: string }

type Options = {
  /** The most connections that are open at once. */
  readonly size: number
  /** Hears of a connection that broke while idle; without a listener Node would end the process. */
  readonly onError: (error: Error) => void
  /** How long a statement may take before the database counts as away; a minute where nothing is said. */
  readonly answerWithinMs?: number | undefined
}

const STATEMENT_MS = 60_000
const CONNECT_MS = 2_000
/** A broken network may silence all connections at once. By the time that work notices, the idle ones are gone. */
const IDLE_TIMEOUT_MS = 5_000
const KEEP_ALIVE_MS = 5_000
const END_WITHIN_MS = 2_000

/**
 * A pool whose rows speak our words: int8, numeric and xid8 come as exact text, timestamptz as `Instant`.
 * A connection idle in a transaction is cut off after 3 s, since it would hold back the log for everybody (design §4).
 */
export function createPool(connection: Connection, { size, onError, answerWithinMs = STATEMENT_MS }: Options): pg.Pool {
  const target = typeof connection === 'string' ? { connectionString: connection } : connection
  const sockets: Sockets = { open: new Set(), changes: 0 }
  const pool = new pg.Pool({
    ...target,
    max: size,
    application_name: 'market-data',
    connectionTimeoutMillis: Math.min(answerWithinMs, CONNECT_MS),
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    // We give up, and the server does: each of them may be the one that is frozen.
    query_timeout: answerWithinMs,
    statement_timeout: answerWithinMs,
    idle_in_transaction_session_timeout: 3_000,
    // Statements that do not wait for each other's answers are sent at once; the server still runs them one by one.
    pipeline: true,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    stream: () => openSocket(sockets),
    // The pool waits for the promise, whatever its types say.
    // oxlint-disable-next-line no-misused-promises
    onConnect: (client) => client.query(NOTICE_OUR_END),
    // Averages rely on a fresh snapshot for each statement; compiling statements costs ours more than it saves.
    options: '-c timezone=UTC -c datestyle=iso -c jit=off -c default_transaction_isolation=read\\ committed',
    types: { getTypeParser },
  })
  socketsOf.set(pool, sockets)
  pool.on('error', onError)
  // A connection that is lent out is listened to by nobody, and Node would end the process; who lent it hears by its query.
  pool.on('connect', (client) => client.on('error', () => {}))
  return pool
}

/** Rises with each connection that is opened or closed: what answers from then on may be another server. */
export function turnover(pool: pg.Pool): number {
  return socketsOf.get(pool)?.changes ?? 0
}

/** Ends a pool within 2 s. What is not done by then is cut off: a frozen server would keep us for ever. */
export async function endPool(pool: pg.Pool): Promise<void> {
  const open = [...(socketsOf.get(pool)?.open ?? [])]
  const closed = Promise.all(open.map((socket) => once(socket, 'close')))
  const cut = setTimeout(() => open.forEach((socket) => socket.destroy()), END_WITHIN_MS)
  await Promise.all([pool.end(), closed]).finally(() => clearTimeout(cut))
}

type Sockets = { readonly open: Set<Socket>; changes: number }

const socketsOf = new WeakMap<pg.Pool, Sockets>()

function openSocket(sockets: Sockets): Socket {
  const socket = gathering(new Socket())
  sockets.open.add(socket)
  sockets.changes += 1
  socket.once('close', () => {
    sockets.open.delete(socket)
    sockets.changes += 1
  })
  return socket
}

/** Makes a socket send in one go what one piece of work writes: the statements of a pipeline. TLS passes it by. */
function gathering(socket: Socket): Socket {
  const write = socket.write.bind(socket)
  let gathers = false
  const send = () => {
    gathers = false
    socket.uncork()
  }
  const gathered = (...told: Parameters<typeof write>) => {
    if (!gathers) {
      gathers = true
      socket.cork()
      process.nextTick(send)
    }
    return write(...told)
  }
  return Object.assign(socket, { write: gathered as typeof write })
}

/**
 * A server that works for a client notices only when it is done that the client is gone. From 14 on, and where the system
 * can tell, it looks: then whatever we have given up ends within a second, and holds nothing back.
 */
const NOTICE_OUR_END = `
  do $$ begin
    perform set_config('client_connection_check_interval', '1s', false);
  exception when undefined_object or invalid_parameter_value then null;
  end $$`

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

const getTypeParser: pg.CustomTypesConfig['getTypeParser'] = (oid, format) => {
  if (oid === pg.types.builtins.TIMESTAMPTZ) return instantOf
  return pg.types.getTypeParser(oid, format)
}

/** `2025-06-15 20:30:27.28+00` without a look at each digit: what PostgreSQL writes is a time, and there are many. */
function instantOf(text: string): Instant | string {
  const isOfOurDays = text[10] === ' ' && text.endsWith('+00')
  if (!isOfOurDays) return parseInstant(text) ?? text
  const fraction = text.slice(19, -3)
  const digits = fraction === '' ? '' : fraction.padEnd(fraction.length > 4 ? 7 : 4, '0')
  return `${text.slice(0, 10)}T${text.slice(11, 19)}${digits}Z` as Instant
}
