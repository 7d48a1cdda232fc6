import { BrokenCircuitError, ConsecutiveBreaker, circuitBreaker, handleWhen } from 'cockatiel'
import type { Clock } from '../../lib/clock.ts'
import { ServiceError, type ErrorCode } from '../../errors.ts'

/** Runs the work, or rejects at once while the circuit is open. */
type CircuitBreaker = <T>(work: () => Promise<T>) => Promise<T>

/** The part of a logger that providers use. */
export type ProviderLog = {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

type Needs = { readonly provider: string; readonly clock: Clock; readonly log?: ProviderLog | undefined }

const FAILURES_TO_OPEN = 5
const OPEN_MS = 30_000
/** A rate limit is handled by `createRetryAfter`, and an aborted request proves nothing about the provider. */
const PROVIDER_WIDE: ReadonlySet<ErrorCode> = new Set(['provider_unavailable', 'provider_timeout', 'provider_bad_data'])

/**
 * One circuit per provider. Only thrown errors count, so a reply that refuses one symbol never opens it. While it is open,
 * all requests fail at once with `provider_unavailable`; after 30 s one request is sent as a trial.
 */
export function createCircuitBreaker({ provider, clock, log }: Needs): CircuitBreaker {
  const breaker = circuitBreaker(handleWhen(isProviderWide), {
    halfOpenAfter: OPEN_MS,
    breaker: new ConsecutiveBreaker(FAILURES_TO_OPEN),
  })
  let nextTryAt = 0
  let isOpen = false
  breaker.onBreak((cause) => {
    nextTryAt = clock.now() + OPEN_MS
    const reason = 'error' in cause && cause.error instanceof Error ? cause.error.message : undefined
    // The circuit opens again each time the trial request fails; only the first time is logged.
    if (!isOpen) log?.warn({ provider, reason }, `Circuit opened; next try in ${OPEN_MS / 1000} s.`)
    isOpen = true
  })
  breaker.onReset(() => {
    isOpen = false
    log?.info({ provider }, 'Circuit closed; the provider responds again.')
  })
  return async (work) => {
    try {
      return await breaker.execute(work)
    } catch (error) {
      if (!(error instanceof BrokenCircuitError)) throw error
      const retryAfterSeconds = Math.max(1, Math.ceil((nextTryAt - clock.now()) / 1000))
      const message = `${provider} failed ${FAILURES_TO_OPEN} times in a row; next try in ${retryAfterSeconds} s.`
      throw new ServiceError('provider_unavailable', message, {
        provider,
        retryAfterSeconds,
        wasHeldBack: true,
        cause: error,
      })
    }
  }
}

function isProviderWide(error: unknown): boolean {
  return error instanceof ServiceError && PROVIDER_WIDE.has(error.code)
}
