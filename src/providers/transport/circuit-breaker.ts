import { BrokenCircuitError, ConsecutiveBreaker, circuitBreaker, handleWhen } from 'cockatiel'
import type { Clock } from '../../lib/clock.ts'
import { ServiceError, type ErrorCode } from '../../errors.ts'

/** Runs the work, unless the provider has failed so often in a row that it is left alone for a while. */
type CircuitBreaker = <T>(work: () => Promise<T>) => Promise<T>

/** The part of a logger that providers use. */
export type ProviderLog = {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

type Needs = { readonly provider: string; readonly clock: Clock; readonly log?: ProviderLog | undefined }

const FAILURES_TO_OPEN = 5
const OPEN_MS = 30_000
/** A limit reached is the rate gate's business, and a caller who gave up says nothing about the provider. */
const PROVIDER_WIDE: ReadonlySet<ErrorCode> = new Set(['provider_unavailable', 'provider_timeout', 'provider_bad_data'])

/**
 * One circuit per provider. Only what is thrown counts, so that whatever a reply says of one symbol never opens it.
 * While it is open, all get `provider_unavailable` at once; then one request goes out to see.
 */
export function createCircuitBreaker({ provider, clock, log }: Needs): CircuitBreaker {
  const breaker = circuitBreaker(handleWhen(isProviderWide), {
    halfOpenAfter: OPEN_MS,
    breaker: new ConsecutiveBreaker(FAILURES_TO_OPEN),
  })
  let opensAgainAt = 0
  let isLeftAlone = false
  breaker.onBreak((cause) => {
    opensAgainAt = clock.now() + OPEN_MS
    const reason = 'error' in cause && cause.error instanceof Error ? cause.error.message : undefined
    // It breaks again whenever the one request that goes out to see fails too.
    if (!isLeftAlone) log?.warn({ provider, reason }, 'Provider fails; leaving it alone.')
    isLeftAlone = true
  })
  breaker.onReset(() => {
    isLeftAlone = false
    log?.info({ provider }, 'Provider answers again.')
  })
  return async (work) => {
    try {
      return await breaker.execute(work)
    } catch (error) {
      if (!(error instanceof BrokenCircuitError)) throw error
      const retryAfterSeconds = Math.max(1, Math.ceil((opensAgainAt - clock.now()) / 1000))
      const message = `${provider} failed ${FAILURES_TO_OPEN} times in a row and is left alone for a moment.`
      throw new ServiceError('provider_unavailable', message, { provider, retryAfterSeconds, cause: error })
    }
  }
}

function isProviderWide(error: unknown): boolean {
  return error instanceof ServiceError && PROVIDER_WIDE.has(error.code)
}
