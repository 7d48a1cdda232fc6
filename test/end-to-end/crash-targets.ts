import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { keepEmbedded } from '../../src/postgres/embedded/keep.ts'
import { urlOf } from '../support/database.ts'
import { startBroker } from '../support/kafka-broker.ts'
import {
  createDataDir,
  createFolder,
  LAUNCHER,
  postmasterPid,
  processesIn,
  spawnCommand,
} from '../support/service-process.ts'
import { until } from '../support/until.ts'

export type EndSignal = 'SIGKILL' | 'SIGTERM'

/** A part that faults are injected into, and that is restarted whenever it exits, as by a service manager. */
export type Target = {
  readonly part: string
  /** Resolves when it has exited; its next start has begun by then. */
  end(signal: EndSignal): Promise<void>
  freeze(): void
  thaw(): void
  /** Resolves when it works again. */
  recovered(): Promise<void>
}

/** One process from its start to its exit. */
export type ProcessRun = {
  readonly part: string
  /** The signal that we sent; undefined if it exited by itself. */
  readonly sent: EndSignal | undefined
  readonly wasReady: boolean
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stderr: string
}

export type KeptService = Target & { readonly url: () => string | undefined }

const RECOVERED_WITHIN_MS = 180_000
const RESTART_AFTER_MS = 100

type Plan = {
  readonly part: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly runs: ProcessRun[]
}

/** A command of `market-data` that is restarted whenever it exits, until the test ends. */
export function keepService(t: TestContext, { part, args, env, runs }: Plan): KeptService {
  const cwd = createFolder()
  const start = () => spawnCommand([process.execPath, LAUNCHER, ...args], { env, cwd })
  const url = () => /Service +(http\S+)/.exec(running.stdout())?.[1]
  let running = start()
  let sent: EndSignal | undefined
  let isEnding = false

  async function keep(): Promise<void> {
    while (true) {
      const { child, exited, stderr } = running
      const code = await exited
      runs.push({ part, sent, wasReady: url() !== undefined, code, signal: child.signalCode, stderr: stderr() })
      if (isEnding) return
      await sleep(RESTART_AFTER_MS)
      sent = undefined
      running = start()
    }
  }

  const kept = keep()
  t.after(async () => {
    isEnding = true
    sent = 'SIGTERM'
    running.child.kill('SIGCONT')
    running.child.kill('SIGTERM')
    const timer = setTimeout(() => running.child.kill('SIGKILL'), 10_000)
    await kept
    clearTimeout(timer)
  })
  return {
    part,
    url,
    end: async (signal) => {
      const { child, exited } = running
      sent = signal
      child.kill(signal)
      await exited
    },
    freeze: () => void running.child.kill('SIGSTOP'),
    thaw: () => void running.child.kill('SIGCONT'),
    recovered: async () => void (await until(() => isReady(url()), `${part} is ready again`, PATIENCE)),
  }
}

const PATIENCE = { withinMs: RECOVERED_WITHIN_MS, everyMs: 50 }

async function isReady(url: string | undefined): Promise<boolean> {
  if (url === undefined) return false
  return fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5_000) }).then(
    ({ ok }) => ok,
    () => false,
  )
}

/** A separate database server with durable commits, which is not a child of any process that uses it. */
export async function keepPostgres(t: TestContext): Promise<Target & { readonly url: string }> {
  const state = createDataDir()
  const settings = { max_connections: '150' }
  const server = await keepEmbedded({ state, settings, log: () => {}, onExit: () => {} })
  const signal = (name: NodeJS.Signals) => {
    // The postmaster first, so that it starts no process that escapes the signal.
    const postmaster = postmasterPid(state)
    if (postmaster !== undefined) signalIfAlive(postmaster, name)
    for (const pid of processesIn(state)) signalIfAlive(pid, name)
  }
  t.after(async () => {
    signal('SIGCONT')
    await server.stop()
  })
  const url = urlOf(server.connection)
  return {
    part: 'database',
    url,
    end: async (name) => {
      const pid = postmasterPid(state)!
      // What service managers send PostgreSQL: SIGTERM would wait for every client to disconnect.
      if (name === 'SIGTERM') process.kill(pid, 'SIGINT')
      else signal('SIGKILL')
      await until(() => (postmasterPid(state) ?? pid) !== pid, 'another postmaster', PATIENCE)
    },
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    recovered: async () =>
      void (await until(() => acceptsQueries(url), 'the database accepts queries again', PATIENCE)),
  }
}

function signalIfAlive(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

async function acceptsQueries(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000, query_timeout: 2_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('select 1')
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => {})
  }
}

/** A separate Kafka broker. */
export async function keepBroker(t: TestContext): Promise<Target & { readonly brokers: string }> {
  const broker = await startBroker()
  t.after(() => broker.end())
  return {
    part: 'broker',
    brokers: broker.brokers,
    end: (signal) => (signal === 'SIGKILL' ? broker.kill() : broker.stop()),
    freeze: () => void process.kill(broker.pid(), 'SIGSTOP'),
    thaw: () => void process.kill(broker.pid(), 'SIGCONT'),
    recovered: async () => {
      if (broker.pid() === 0) await broker.start()
    },
  }
}
