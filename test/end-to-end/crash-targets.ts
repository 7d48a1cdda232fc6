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

export type Ending = 'SIGKILL' | 'SIGTERM'

/** Something that is hurt, and that somebody starts again wherever it died, as a service manager does. */
export type Target = {
  readonly part: string
  /** Resolves once it is gone; by then its next start is under way. */
  end(signal: Ending): Promise<void>
  freeze(): void
  thaw(): void
  /** Resolves when it does its work again. */
  back(): Promise<void>
}

/** One process from its start to its end. */
export type Life = {
  readonly part: string
  /** What we did to end it; undefined where it ended by itself. */
  readonly asked: Ending | undefined
  readonly wasReady: boolean
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stderr: string
}

export type KeptService = Target & { readonly url: () => string | undefined }

const BACK_WITHIN_MS = 180_000
const RESTART_AFTER_MS = 100

type Plan = {
  readonly part: string
  readonly words: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly lives: Life[]
}

/** A command of `market-data` that is started again whenever it ends, until the test does. */
export function keepService(t: TestContext, { part, words, env, lives }: Plan): KeptService {
  const cwd = createFolder()
  const start = () => spawnCommand([process.execPath, LAUNCHER, ...words], { env, cwd })
  const url = () => /Service +(http\S+)/.exec(running.stdout())?.[1]
  let running = start()
  let asked: Ending | undefined
  let isOver = false

  async function keep(): Promise<void> {
    while (true) {
      const { child, exited, stderr } = running
      const code = await exited
      lives.push({ part, asked, wasReady: url() !== undefined, code, signal: child.signalCode, stderr: stderr() })
      if (isOver) return
      await sleep(RESTART_AFTER_MS)
      asked = undefined
      running = start()
    }
  }

  const kept = keep()
  t.after(async () => {
    isOver = true
    asked = 'SIGTERM'
    running.child.kill('SIGCONT')
    running.child.kill('SIGTERM')
    const impatience = setTimeout(() => running.child.kill('SIGKILL'), 10_000)
    await kept
    clearTimeout(impatience)
  })
  return {
    part,
    url,
    end: async (signal) => {
      const { child, exited } = running
      asked = signal
      child.kill(signal)
      await exited
    },
    freeze: () => void running.child.kill('SIGSTOP'),
    thaw: () => void running.child.kill('SIGCONT'),
    back: async () => void (await until(() => isReady(url()), `${part} is ready again`, PATIENCE)),
  }
}

const PATIENCE = { withinMs: BACK_WITHIN_MS, everyMs: 50 }

async function isReady(url: string | undefined): Promise<boolean> {
  if (url === undefined) return false
  return fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5_000) }).then(
    ({ ok }) => ok,
    () => false,
  )
}

/** A server of its own that keeps its promises; nobody who uses it is its parent. */
export async function keepPostgres(t: TestContext): Promise<Target & { readonly url: string }> {
  const state = createDataDir()
  const settings = { max_connections: '150' }
  const server = await keepEmbedded({ state, settings, log: () => {}, onExit: () => {} })
  const signal = (name: NodeJS.Signals) => {
    // The postmaster first, so that it makes no process that nobody freezes.
    const postmaster = postmasterPid(state)
    if (postmaster !== undefined) signalIfThere(postmaster, name)
    for (const pid of processesIn(state)) signalIfThere(pid, name)
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
      // What service managers send PostgreSQL: SIGTERM would wait until every client has left.
      if (name === 'SIGTERM') process.kill(pid, 'SIGINT')
      else signal('SIGKILL')
      await until(() => (postmasterPid(state) ?? pid) !== pid, 'another postmaster', PATIENCE)
    },
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    back: async () => void (await until(() => answers(url), 'the database answers again', PATIENCE)),
  }
}

function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

async function answers(url: string): Promise<boolean> {
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

/** A broker of its own. */
export async function keepBroker(t: TestContext): Promise<Target & { readonly brokers: string }> {
  const broker = await startBroker()
  t.after(() => broker.end())
  return {
    part: 'broker',
    brokers: broker.brokers,
    end: (signal) => (signal === 'SIGKILL' ? broker.kill() : broker.stop()),
    freeze: () => void process.kill(broker.pid(), 'SIGSTOP'),
    thaw: () => void process.kill(broker.pid(), 'SIGCONT'),
    back: async () => {
      if (broker.pid() === 0) await broker.start()
    },
  }
}
