import type { Clock } from '../../lib/clock.ts'
import { ServiceError } from '../../errors.ts'
import type { Ingest } from '../ingest/ingest.ts'
import { instantFromMillis } from '../../lib/instant.ts'
import { retryDelayMs, type Claim, type FinishedRun } from './schedule.ts'

/** Claimed jobs of one provider, asked in one request. */
export type Batch = { readonly provider: string; readonly claims: readonly Claim[] }

export type BatchNeeds = {
  readonly ingest: Ingest
  readonly clock: Clock
  /** From 0 to 1. */
  readonly random: () => number
  readonly log: { warn(details: object, message: string): void }
}

/** Longer than any provider's own timeout: it is for the day on which that one fails. */
const DEADLINE_MS = 150_000

/**
 * Asks for a batch and gives one run for each job, whatever happened: no answer in time is a failed run too. Undefined
 * where the signal cut it short, since that says nothing about the jobs.
 */
export async function runBatch(
  needs: BatchNeeds,
  batch: Batch,
  signal: AbortSignal,
): Promise<readonly FinishedRun[] | undefined> {
  const { clock, random } = needs
  const startedAt = instantFromMillis(clock.now())
  const results = await ingestInTime(needs, batch, signal)
  if (signal.aborted) return undefined
  const now = clock.now()
  return batch.claims.map((claim, index) => {
    const result = results[index] ?? { symbol: claim.symbol, error: NO_RESULT }
    const failure = 'error' in result ? result.error : undefined
    return {
      jobId: claim.jobId,
      nextRunAt: claim.nextRunAt,
      startedAt,
      finishedAt: instantFromMillis(now),
      outcome: 'error' in result ? 'failed' : result.outcome,
      priceId: 'error' in result ? null : result.price.priceId,
      replySha256: 'error' in result ? null : result.replySha256,
      error: failure ? { code: failure.code, detail: failure.message } : null,
      retryAt: failure ? instantFromMillis(now + retryDelay(claim, failure, random())) : null,
    }
  })
}

async function ingestInTime({ ingest, clock, log }: BatchNeeds, { provider, claims }: Batch, signal: AbortSignal) {
  const over = new AbortController()
  const end = () => over.abort()
  signal.addEventListener('abort', end)
  const symbols = claims.map(({ symbol }) => symbol)
  const failAll = (error: ServiceError) => symbols.map((symbol) => ({ symbol, error }))
  const answer = ingest(provider, symbols, over.signal).catch((error: unknown) => {
    if (error instanceof ServiceError) return failAll(error)
    log.warn({ err: error, provider }, 'prices could not be stored')
    return failAll(new ServiceError('storage_unavailable', 'The price could not be stored.', { cause: error }))
  })
  // An answer that does not heed the signal is left behind.
  const tooLate = clock.sleep(DEADLINE_MS, over.signal).then(() => failAll(TOO_LATE))
  try {
    return await Promise.race([answer, tooLate])
  } finally {
    end()
    signal.removeEventListener('abort', end)
  }
}

const TOO_LATE = new ServiceError('provider_timeout', `No answer within ${DEADLINE_MS / 1000} s.`)
const NO_RESULT = new ServiceError('internal', 'No result came back for this symbol.')

function retryDelay({ intervalSeconds, failures }: Claim, { details }: ServiceError, random: number): number {
  const { retryAfterSeconds } = details
  return retryDelayMs({ intervalSeconds, failures: failures + 1, retryAfterSeconds }, random)
}
