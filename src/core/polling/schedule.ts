import type { ErrorCode } from '../../errors.ts'
import {
  compareInstants,
  instantFromMicros,
  instantFromMillis,
  microsOf,
  millisOf,
  type Instant,
} from '../../lib/instant.ts'
import type { CheckedResult, Run } from './job.ts'
import { mayRetryAt, nextRunInHours, type JobMarket } from './market-hours.ts'

/** A job whose time has come, with everything that determines its next time. */
export type DueJob = {
  readonly jobId: string
  readonly symbol: string
  readonly provider: string
  readonly intervalSeconds: number
  readonly paused: boolean
  /** Failed runs since the last success. */
  readonly failures: number
  /** Runs in a row whose symbol the provider refused, and when the first of them started. */
  readonly refusals?: number
  readonly refusedSince?: Instant | null
  /** Undefined for a job that runs at any hour. */
  readonly market?: JobMarket | undefined
  /** The result of the request that checked the symbol, until the first run. */
  readonly checked?: CheckedResult | null
  /** Regular runs fall on this time plus whole intervals. */
  readonly anchoredAt: Instant
  readonly dueAt: Instant
}

/** A due job with its next time, which is stored before it runs: so two processes never start the same run. */
export type Claim = DueJob & { readonly nextRunAt: Instant | null }

/** The result of a claim. */
export type FinishedRun = Omit<Run, 'runId'> & {
  readonly jobId: string
  /** Of the reply, in hex; null if the run failed. */
  readonly replySha256: string | null
  /** As claimed: a job that has been rescheduled since keeps its new time. */
  readonly nextRunAt: Instant | null
  /** When to run instead of that: a retry, or what the market's state suggests. Null to keep the planned time. */
  readonly retryAt: Instant | null
} & Refusals

/** What a run adds to the refusals of its job. */
export type Refusals = {
  readonly refusals: number
  readonly refusedSince: Instant | null
  /** Why the job is to be paused; null if it continues. */
  readonly pausedReason: string | null
}

/**
 * Plans the first regular time after both now and the time the job was due: the job keeps its phase however late it runs,
 * and all missed times become the one run that is due now. No next time for a manual run of a paused job.
 */
export function claimJob(job: DueJob, nowMs: number): Claim {
  if (job.paused) return { ...job, nextRunAt: null }
  return { ...job, nextRunAt: job.market ? nextMarketRun(job, job.market, nowMs) : nextRegularRun(job, nowMs) }
}

/** Plans again with the market's state that the run has just learned; null if the job runs at any hour, or is paused. */
export function replanJob(claim: Claim, learned: Partial<JobMarket>, nowMs: number): Instant | null {
  if (claim.market === undefined || claim.nextRunAt === null) return null
  return nextMarketRun(claim, { ...claim.market, ...learned }, nowMs)
}

/** The time of a retry; null if the market is closed then, and the planned run is soon enough. */
export function retryInHours({ market }: Claim, retryAtMs: number): Instant | null {
  return market && !mayRetryAt(market, retryAtMs) ? null : instantFromMillis(retryAtMs)
}

/** The provider answered, and what it said is about the symbol. */
const REFUSED: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['symbol_not_found', 'symbol_delisted', 'no_price'])
const REFUSALS_TO_PAUSE = 20
const REFUSED_FOR_MS = 86_400_000

type FailedRun = Pick<Run, 'startedAt' | 'finishedAt' | 'error'>

/** Counts refusals in a row. After 20 of them over at least 24 h the job is to pause; other failures do not count. */
export function countRefusal(claim: DueJob, { startedAt, finishedAt, error }: FailedRun): Refusals {
  const { refusals = 0, refusedSince = null, provider, symbol } = claim
  if (error === null) return { refusals: 0, refusedSince: null, pausedReason: null }
  if (!REFUSED.has(error.code)) return { refusals, refusedSince, pausedReason: null }
  // One that lies ahead was stored by a wrong clock.
  const since = refusedSince !== null && compareInstants(refusedSince, startedAt) <= 0 ? refusedSince : startedAt
  const isOver = refusals + 1 >= REFUSALS_TO_PAUSE && millisOf(finishedAt) - millisOf(since) >= REFUSED_FOR_MS
  const hours = Math.floor((millisOf(finishedAt) - millisOf(since)) / 3_600_000)
  const reason = `${provider} refused ${symbol} ${refusals + 1} times in ${hours} h: ${error.detail}`
  return { refusals: refusals + 1, refusedSince: since, pausedReason: isOver ? reason : null }
}

const SHORTEST_BASE_MS = 5_000
/** The longest wait after a failure of a job with a shorter interval. */
export const LOWEST_CAP_MS = 300_000
/** A provider's Retry-After is honoured up to a day: beyond that it is a mistake. */
export const LONGEST_RETRY_AFTER_MS = 86_400_000

type Failure = {
  readonly intervalSeconds: number
  /** Failures in a row, this one included. */
  readonly failures: number
  readonly retryAfterSeconds?: number | undefined
}

/**
 * Milliseconds to wait after a failed run: doubles with each failure in a row, from the interval or 5 s, whichever is less,
 * up to the interval or 5 min, whichever is more, and never less than the provider's Retry-After. `random` (0 to 1)
 * spreads it over a factor of two, so that jobs that failed together do not retry together.
 */
export function retryDelayMs({ intervalSeconds, failures, retryAfterSeconds = 0 }: Failure, random: number): number {
  const base = Math.min(intervalSeconds * 1000, SHORTEST_BASE_MS)
  const cap = Math.max(intervalSeconds * 1000, LOWEST_CAP_MS)
  const longest = Math.min(cap, base * 2 ** failures)
  const retryAfterMs = Math.min(retryAfterSeconds * 1000, LONGEST_RETRY_AFTER_MS)
  return Math.max(retryAfterMs, Math.ceil((longest / 2) * (1 + random)))
}

/** A plan that lies further ahead than an interval was made while the clock was ahead, and is ignored. */
function nextRegularRun(job: DueJob, nowMs: number): Instant {
  const now = microsOf(instantFromMillis(nowMs))
  const due = microsOf(job.dueAt)
  const isPlausible = due > now && due - now <= BigInt(job.intervalSeconds) * 1_000_000n
  return instantFromMicros(firstRunAfter(job, isPlausible ? due : now))
}

/** In microseconds. An anchor ahead of that time still determines the phase. */
function firstRunAfter({ anchoredAt, intervalSeconds }: DueJob, after: bigint): bigint {
  const anchor = microsOf(anchoredAt)
  const interval = BigInt(intervalSeconds) * 1_000_000n
  return anchor + (floorDivide(after - anchor, interval) + 1n) * interval
}

function floorDivide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor
  return dividend % divisor < 0n ? quotient - 1n : quotient
}

function nextMarketRun(job: DueJob, market: JobMarket, nowMs: number): Instant {
  const firstRunFrom = (atMs: number) =>
    Math.ceil(Number(firstRunAfter(job, microsOf(instantFromMillis(atMs)) - 1n)) / 1000)
  return instantFromMillis(nextRunInHours(market, firstRunFrom, Math.max(nowMs, millisOf(job.dueAt))))
}
