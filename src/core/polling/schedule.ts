import type { Run } from './job.ts'
import { instantFromMicros, instantFromMillis, microsOf, type Instant } from '../../lib/instant.ts'

/** A job whose time has come, with everything that determines its next time. */
export type DueJob = {
  readonly jobId: string
  readonly symbol: string
  readonly provider: string
  readonly intervalSeconds: number
  readonly paused: boolean
  /** Failed runs since the last success. */
  readonly failures: number
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
  /** When to try again; null after a success. */
  readonly retryAt: Instant | null
}

/**
 * Plans the first regular time after both now and the time the job was due: the job keeps its phase however late it runs,
 * and all missed times become the one run that is due now. No next time for a manual run of a paused job.
 */
export function claimJob(job: DueJob, nowMs: number): Claim {
  return { ...job, nextRunAt: job.paused ? null : nextRegularRun(job, nowMs) }
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

/**
 * A plan that lies further ahead than an interval was made while the clock was ahead, and is ignored. An anchor ahead of now
 * still determines the phase.
 */
function nextRegularRun({ anchoredAt, intervalSeconds, dueAt }: DueJob, nowMs: number): Instant {
  const anchor = microsOf(anchoredAt)
  const interval = BigInt(intervalSeconds) * 1_000_000n
  const now = microsOf(instantFromMillis(nowMs))
  const due = microsOf(dueAt)
  const after = due > now && due - now <= interval ? due : now
  return instantFromMicros(anchor + (floorDivide(after - anchor, interval) + 1n) * interval)
}

function floorDivide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor
  return dividend % divisor < 0n ? quotient - 1n : quotient
}
