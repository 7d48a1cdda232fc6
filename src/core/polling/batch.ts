import type { Clock } from '../../lib/clock.ts'
import { DeadlineError, withDeadline } from '../../lib/deadline.ts'
import { ServiceError } from '../../errors.ts'
import type { Ingest } from '../ingest/ingest.ts'
import type { RecordResult } from '../prices/quote.ts'
import { instantFromMillis, millisOf, type Instant } from '../../lib/instant.ts'
import type { CheckedResult } from './job.ts'
import { countRefusal, replanJob, retryDelayMs, retryInHours, type Claim, type FinishedRun } from './schedule.ts'

/** Claimed jobs of one provider, fetched in one request. */
export type Batch = { readonly provider: string; readonly claims: readonly Claim[] }

export type BatchNeeds = {
  readonly ingest: Ingest
  readonly clock: Clock
  /** From 0 to 1. */
  readonly random: () => number
  readonly log: Readonly<Record<'debug' | 'warn', (details: object, message: string) => void>>
}

/** Longer than any provider's own timeout: a safety net for the day that timeout fails. */
const DEADLINE_MS = 150_000
/** A new job whose symbol was checked this short a time ago takes the result of that request for its first run. */
const CHECKED_MS = 10_000

/**
 * Fetches a batch and returns one run for each job, whatever happened: a timeout is a failed run, too. Undefined if the
 * signal interrupted it, because that says nothing about the jobs.
 */
export async function runBatch(
  needs: BatchNeeds,
  batch: Batch,
  signal: AbortSignal,
): Promise<readonly FinishedRun[] | undefined> {
  const checked = batch.claims.flatMap((claim) => firstRun(claim, needs.clock.now()) ?? [])
  const known = new Set(checked.map(({ jobId }) => jobId))
  const claims = batch.claims.filter(({ jobId }) => !known.has(jobId))
  if (claims.length === 0) return checked
  const fetched = await fetchBatch(needs, { ...batch, claims }, signal)
  return fetched && [...checked, ...fetched]
}

async function fetchBatch(
  needs: BatchNeeds,
  batch: Batch,
  signal: AbortSignal,
): Promise<readonly FinishedRun[] | undefined> {
  const { clock, random } = needs
  const startedAt = instantFromMillis(clock.now())
  const results = await ingestInTime(needs, batch, signal)
  if (signal.aborted) return undefined
  const finishedAtMs = clock.now()
  return batch.claims.map((claim, index) =>
    finishedRun(claim, results[index] ?? { symbol: claim.symbol, error: NO_RESULT }, {
      startedAt,
      finishedAtMs,
      random: random(),
    }),
  )
}

type Timing = { readonly startedAt: Instant; readonly finishedAtMs: number; readonly random: number }

/** The run of a job that was created seconds ago, from the request that checked its symbol. */
function firstRun(claim: Claim, nowMs: number): FinishedRun | undefined {
  const { checked } = claim
  if (!checked || Math.abs(nowMs - millisOf(checked.finishedAt)) > CHECKED_MS) return undefined
  return succeeded(claim, checked, nowMs)
}

function finishedRun(claim: Claim, result: RecordResult, { startedAt, finishedAtMs, random }: Timing): FinishedRun {
  const finishedAt = instantFromMillis(finishedAtMs)
  if (!('error' in result)) {
    const { outcome, price, replySha256 } = result
    const { priceId, marketState, delaySeconds } = price
    const run = { startedAt, finishedAt, outcome, priceId, replySha256, marketState, delaySeconds }
    return succeeded(claim, run, finishedAtMs)
  }
  const { jobId, nextRunAt } = claim
  const { code, message, details } = result.error
  const error = { code, detail: message }
  const retryAt = retryInHours(claim, finishedAtMs + retryDelay(claim, details.retryAfterSeconds, random))
  const run = { jobId, nextRunAt, startedAt, finishedAt, outcome: 'failed', priceId: null, replySha256: null } as const
  return { ...run, error, retryAt, ...countRefusal(claim, { startedAt, finishedAt, error }) }
}

function succeeded(claim: Claim, { marketState, delaySeconds, ...run }: CheckedResult, nowMs: number): FinishedRun {
  const { jobId, nextRunAt } = claim
  const retryAt = replanJob(claim, { state: marketState, delaySeconds }, nowMs)
  return { jobId, nextRunAt, ...run, error: null, retryAt, ...countRefusal(claim, { ...run, error: null }) }
}

async function ingestInTime(
  { ingest, clock, log }: BatchNeeds,
  { provider, claims }: Batch,
  signal: AbortSignal,
): Promise<readonly RecordResult[]> {
  const symbols = claims.map(({ symbol }) => symbol)
  const timeout = new AbortController()
  try {
    const work = ingest(provider, symbols, AbortSignal.any([signal, timeout.signal]))
    return await withDeadline(work, { ms: DEADLINE_MS, what: provider, signal, clock })
  } catch (error) {
    timeout.abort()
    if (!isExpected(error) && !signal.aborted) log.warn({ err: error, provider }, 'prices could not be stored')
    return symbols.map((symbol) => ({ symbol, error: batchError(error) }))
  }
}

function isExpected(error: unknown): boolean {
  return error instanceof ServiceError || error instanceof DeadlineError
}

function batchError(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error
  if (error instanceof DeadlineError) return TIMEOUT
  return new ServiceError('storage_unavailable', 'The price could not be stored.', { cause: error })
}

const TIMEOUT = new ServiceError('provider_timeout', `No answer within ${DEADLINE_MS / 1000} s.`)
const NO_RESULT = new ServiceError('internal', 'The provider returned no result for this symbol.')

function retryDelay(
  { intervalSeconds, failures }: Claim,
  retryAfterSeconds: number | undefined,
  random: number,
): number {
  return retryDelayMs({ intervalSeconds, failures: failures + 1, retryAfterSeconds }, random)
}
