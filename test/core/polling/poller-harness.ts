import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type pg from 'pg'
import type { Clock } from '../../../src/lib/clock.ts'
import { ServiceError } from '../../../src/errors.ts'
import type { Run } from '../../../src/core/polling/job.ts'
import { createPoller } from '../../../src/core/polling/poller.ts'
import { createDueJobs } from '../../../src/postgres/polling/due-jobs.ts'
import { createJobs } from '../../../src/postgres/polling/jobs.ts'
import type { Ingest } from '../../../src/core/ingest/ingest.ts'
import { instantFromMillis, type Instant } from '../../../src/lib/instant.ts'
import type { RecordResult, StoredPrice } from '../../../src/core/prices/quote.ts'
import { createDatabase } from '../../support/database.ts'
import { createVirtualClock } from './virtual-clock.ts'

const NOON = Date.parse('2026-03-02T12:00:00Z')

/** One request to the market, in seconds since noon; its end is infinite while it is in flight. */
export type Request = {
  readonly provider: string
  readonly symbols: readonly string[]
  readonly from: number
  to: number
}

export type Market = {
  /** How long a request takes, in milliseconds. */
  takesMs: (provider: string) => number
  /** The error of a symbol now, if it has one. */
  fails: (symbol: string) => ServiceError | undefined
}

type Options = { readonly maxBatch?: number; readonly concurrency?: number }

/** The real table of jobs, time that the test controls, and a market that records the requests. */
export async function createHarness(t: TestContext, start?: string) {
  const startsAt = start === undefined ? NOON : Date.parse(start)
  const pool = await createDatabase(t)
  const database = { pending: 0, broken: false }
  const clock = createVirtualClock(startsAt, () => database.pending === 0)
  const jobs = createJobs(pool, clock)
  const requests: Request[] = []
  const market: Market = { takesMs: () => 10, fails: () => undefined }

  function startPoller({ maxBatch = 100, concurrency }: Options = {}) {
    const stop = new AbortController()
    const life = createLife()
    const its = { clock: mortalClock(clock, life), pool: mortalPool(pool, database, life) }
    const poller = createPoller({
      jobs: createDueJobs(its.pool),
      ingest: createIngest(its.clock, market, requests),
      maxBatchOf: (provider) => (provider === 'gone' ? refuse() : maxBatch),
      clock: its.clock,
      random: () => 0.5,
      log: { debug: () => {}, warn: () => {} },
      concurrency,
    })
    const over = poller.run(stop.signal)
    t.after(life.end)
    return { ...poller, stop: () => stop.abort(), over, kill: life.end, killAfterCalls: life.endAfterCalls }
  }

  async function find(symbol: string) {
    const { data } = await jobs.list({ limit: 1000 })
    return data.find((job) => job.symbol === symbol)
  }

  return {
    pool,
    database,
    clock,
    jobs,
    requests,
    market,
    startPoller,
    addJobs: (symbols: readonly string[], intervalSeconds: number, provider = 'simulated') =>
      jobs.create({ symbols, provider, intervalSeconds }),
    addJob: async (symbol: string, intervalSeconds = 60): Promise<string> => {
      const [job] = await jobs.create({ symbols: [symbol], provider: 'simulated', intervalSeconds })
      assert.ok(job)
      return job.jobId
    },
    nextRunOf: async (jobId: string): Promise<Instant | null | undefined> => (await jobs.find(jobId))?.nextRunAt,
    /** Oldest first. */
    runsOf: async (symbol: string): Promise<readonly Run[]> => {
      const job = await find(symbol)
      const runs = job && (await jobs.runs(job.jobId, { limit: 10_000 }))
      return runs?.data.toReversed() ?? []
    },
  }
}

export function at(seconds: number): Instant {
  return instantFromMillis(NOON + seconds * 1000)
}

export function secondsOf(instant: Instant | number): number {
  return ((typeof instant === 'number' ? instant : Date.parse(instant)) - NOON) / 1000
}

function createIngest(clock: Clock, market: Market, requests: Request[]): Ingest {
  return async (provider, symbols, signal) => {
    if (provider === 'gone') refuse()
    const request: Request = { provider, symbols, from: secondsOf(clock.now()), to: Infinity }
    requests.push(request)
    await clock.sleep(market.takesMs(provider), signal)
    request.to = secondsOf(clock.now())
    if (signal.aborted) throw new ServiceError('provider_unavailable', 'Cut off.')
    return symbols.map((symbol) => resultOf(symbol, market.fails(symbol)))
  }
}

function refuse(): never {
  throw new ServiceError('unknown_provider', 'No such provider.')
}

function resultOf(symbol: string, error: ServiceError | undefined): RecordResult {
  return error
    ? { symbol, error }
    : { symbol, outcome: 'recorded', price: { priceId: '17' } as StoredPrice, replySha256: '5a' }
}

/** Simulates a process: once it is killed, nothing that it waits for arrives any more. */
function createLife() {
  let callsLeft = Infinity
  return {
    isOver: () => callsLeft <= 0,
    end: () => void (callsLeft = 0),
    /** The last call still reaches the database, but its result is lost. */
    endAfterCalls: (calls: number) => void (callsLeft = Math.min(callsLeft, calls)),
    countCall: () => void callsLeft--,
  }
}

type Life = ReturnType<typeof createLife>

function never(): Promise<never> {
  return new Promise(() => {})
}

function mortalClock(clock: Clock, life: Life): Clock {
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    sleep: async (ms, signal) => {
      await clock.sleep(ms, signal)
      if (life.isOver()) await never()
    },
  }
}

function mortalPool(pool: pg.Pool, state: { pending: number; broken: boolean }, life: Life): pg.Pool {
  const query = async (config: pg.QueryConfig, values?: unknown[]) => {
    if (life.isOver()) return never()
    if (state.broken) throw new Error('connection refused')
    life.countCall()
    state.pending++
    try {
      return await pool.query(config, values)
    } finally {
      state.pending--
      // oxlint-disable-next-line no-unsafe-finally
      if (life.isOver()) await never()
    }
  }
  return { query } as unknown as pg.Pool
}
