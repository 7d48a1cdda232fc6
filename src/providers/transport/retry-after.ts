import type { Clock } from '../../lib/clock.ts'
import { ServiceError, withDetails } from '../../errors.ts'

/** Holds requests back after a provider answered 429 (Too Many Requests). */
export type RetryAfter = {
  /** @throws ServiceError `provider_rate_limited`, with the seconds that remain, during a pause */
  assertAllowed(): void
  /**
   * Pauses for the time of a `Retry-After` header, or a minute without one. Returns the error that `assertAllowed` throws
   * until then.
   */
  pause(retryAfter: string | null): ServiceError
}

type Needs = { readonly provider: string; readonly clock: Clock }

const DEFAULT_MS = 60_000
/** A longer pause is cut to a day. */
const MAX_MS = 86_400_000

/** One for each provider: its limit counts all requests of this process. */
export function createRetryAfter({ provider, clock }: Needs): RetryAfter {
  let pausedUntil = 0
  const refusal = (remainingMs: number): ServiceError => {
    const retryAfterSeconds = Math.ceil(remainingMs / 1000)
    const message = `${provider} has received too many requests; retry in ${retryAfterSeconds} s.`
    return new ServiceError('provider_rate_limited', message, { provider, retryAfterSeconds })
  }
  return {
    assertAllowed: () => {
      const remainingMs = pausedUntil - clock.now()
      if (remainingMs > 0) throw withDetails(refusal(remainingMs), { wasHeldBack: true })
    },
    pause: (retryAfter) => {
      const now = clock.now()
      pausedUntil = Math.max(pausedUntil, now + retryAfterMs(retryAfter, now))
      return refusal(pausedUntil - now)
    },
  }
}

/** RFC 9110: whole seconds, or a date. */
function retryAfterMs(text: string | null, now: number): number {
  const ms = /^\s*\d+\s*$/.test(text ?? '') ? Number(text) * 1000 : Date.parse(text ?? '') - now
  return Number.isNaN(ms) ? DEFAULT_MS : Math.min(Math.max(ms, 1000), MAX_MS)
}
