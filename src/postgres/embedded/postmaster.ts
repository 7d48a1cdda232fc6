import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { reportsFullDisk } from '../connection/errors.ts'
import { ENVIRONMENT, type Cluster } from './cluster.ts'
import { clearOrphans, readPidFile } from './pid-file.ts'

export type PostmasterOptions = {
  /** Called with each line that PostgreSQL writes. */
  readonly log: (line: string) => void
  /** Settings of PostgreSQL, which override ours. */
  readonly settings?: Readonly<Record<string, string>>
  /** Aborts the wait for the start. */
  readonly signal?: AbortSignal
}

export type Postmaster = {
  /** Resolves when it has ended with all its processes; `tail` is the end of its output. */
  readonly exited: Promise<Exit>
  /** A fast shutdown, or an immediate one if that takes too long. Neither loses data. */
  stop(): Promise<void>
}

export type Exit = { readonly code: number | null; readonly tail: string }

/**
 * The shell has two children: the postmaster, and a reader of a pipe whose other end only this process holds. However this
 * process dies, the kernel closes the pipe, and the reader stops the postmaster: it never outlives us.
 */
const SUPERVISE = [
  'exec 3<&0',
  '"$@" 3<&- </dev/null & server=$!',
  '{ read x <&3; kill -INT $server; } 2>/dev/null & reader=$!',
  'exec 3<&-',
  'wait $server; code=$?',
  'kill $reader 2>/dev/null',
  'exit $code',
].join('\n')

/** No TCP, a private socket, and small: the database of one process. */
const SETTINGS = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  max_connections: '30',
  shared_buffers: '64MB',
  max_wal_size: '512MB',
  // No replicas, no base backups, and few parallel workers.
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_logical_replication_workers: '0',
  max_worker_processes: '4',
  autovacuum_max_workers: '1',
  autovacuum_naptime: '30s',
  io_method: 'sync',
  jit: 'off',
  // A container's /dev/shm has 64 MB.
  dynamic_shared_memory_type: 'mmap',
  timezone: 'UTC',
}

const START_MS = 300_000
const STOP_MS = 3_000

/** Starts the server and waits until it accepts connections (after a crash: until it has recovered). */
export async function startPostmaster(cluster: Cluster, options: PostmasterOptions): Promise<Postmaster> {
  await clearOrphans(cluster.data)
  const child = spawnSupervised(cluster, options.settings ?? {})
  const exited = watch(child, options.log)
  const stop = async () => {
    child.stdin?.end()
    const isGone = exited.then(() => true)
    if (await Promise.race([isGone, sleep(STOP_MS, false, { ref: false })])) return
    quit(child)
    await exited
  }
  await whenReady(cluster, exited, options.signal).catch(async (error: unknown) => {
    await stop()
    throw error
  })
  return { exited, stop }
}

function spawnSupervised(
  { bin, data, socket, account }: Cluster,
  settings: Readonly<Record<string, string>>,
): ChildProcess {
  const all = { ...SETTINGS, unix_socket_directories: socket, port: '5432', ...settings }
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const command = [join(bin, 'postgres'), '-D', data, ...flags]
  return spawn('/bin/sh', ['-c', SUPERVISE, 'sh', ...command], {
    ...account,
    env: ENVIRONMENT,
    cwd: data,
    stdio: ['pipe', 'ignore', 'pipe'],
    // Ctrl-C in a terminal must not stop it: this process stops its parts in order.
    detached: true,
  })
}

/** The immediate shutdown, for the whole process group: the shell and its postmaster. */
function quit({ pid }: ChildProcess): void {
  if (pid !== undefined) process.kill(-pid, 'SIGQUIT')
}

/** Always reads its output: a full pipe would block it. */
function watch(child: ChildProcess, log: (line: string) => void): Promise<Exit> {
  let tail = ''
  if (child.stderr !== null) {
    createInterface({ input: child.stderr }).on('line', (line) => {
      tail = `${tail}${line}\n`.slice(-4_000)
      log(line)
    })
  }
  child.stdin?.on('error', () => {})
  // `close` and not `exit`: then all output has been read, and no process of a killed postmaster still writes.
  return once(child, 'close').then(
    ([code]) => ({ code: code as number | null, tail }),
    (error: unknown) => ({ code: null, tail: String(error) }),
  )
}

async function whenReady({ data }: Cluster, exited: Promise<Exit>, signal?: AbortSignal): Promise<void> {
  let end: Exit | undefined
  void exited.then((exit) => (end = exit))
  for (let waited = 0; waited < START_MS; waited += 5) {
    if (readPidFile(data)?.ready === true) return
    if (end !== undefined) throw new Error(reasonOf(end, data))
    signal?.throwIfAborted()
    await sleep(5)
  }
  throw new Error(`The embedded PostgreSQL in ${data} was not ready within ${START_MS / 1_000} s.`)
}

/** One sentence for users: why the server ended, as far as its output shows. */
export function reasonOf({ code, tail }: Exit, data: string): string {
  if (reportsFullDisk(tail)) return `The disk is full: make room for ${data}, PostgreSQL stopped there.`
  const last = tail
    .trim()
    .split('\n')
    .findLast((line) => /FATAL|PANIC|error/.test(line))
  return `The embedded PostgreSQL in ${data} ended with code ${code}${last === undefined ? '.' : `: ${last}`}`
}
