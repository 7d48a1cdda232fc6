import type { Clock } from '../../lib/clock.ts'
import { ServiceError, withDetails } from '../../errors.ts'

/** Holds requests back after a provider answered 429 (Too Many Requests). */
export type RetryAfter = {
  /** @throws ServiceError `provider_rate_limited`, with the seconds that remain, during a pause */
  assertAllowed(): void
  /**
   * Pauses for the time of the `Retry-After` header of a reply, or a minute without one. Returns the error that
   * `assertAllowed` throws until then.
   */
  pause(headers: Headers): ServiceError
}

type Needs = { readonly provider: string; readonly clock: Clock }

const DEFAULT_MS = 60_000
/** A longer pause is cut to a day. */
const MAX_MS = 86_400_000

/** One for each provider: its limit counts all requests of this process. A pause lasts as long however the clock is set. */
export function createRetryAfter({ provider, clock }: Needs): RetryAfter {
  let pausedUntil = Number.NEGATIVE_INFINITY
  const refusal = (remainingMs: number): ServiceError => {
    const retryAfterSeconds = Math.ceil(remainingMs / 1000)
    const message = `${provider} has received too many requests; retry in ${retryAfterSeconds} s.`
    return new ServiceError('provider_rate_limited', message, { provider, retryAfterSeconds })
  }
  return {
    assertAllowed: () => {
      const remainingMs = pausedUntil - clock.monotonic()
      if (remainingMs > 0) throw withDetails(refusal(remainingMs), { wasHeldBack: true })
    },
    pause: (headers) => {
      const now = clock.monotonic()
      pausedUntil = Math.max(pausedUntil, now + retryAfterMs(headers, clock.now()))
      return refusal(pausedUntil - now)
    },
  }
}

/** RFC 9110: whole seconds, or a date. A date is compared with the provider's own clock, if the reply names its time. */
function retryAfterMs(headers: Headers, ourNow: number): number {
  const text = headers.get('retry-after')
  const theirNow = Date.parse(headers.get('date') ?? '')
  const now = Number.isNaN(theirNow) ? ourNow : theirNow
  const ms = /^\s*\d+\s*$/.test(text ?? '') ? Number(text) * 1000 : Date.parse(text ?? '') - now
  return Number.isNaN(ms) ? DEFAULT_MS : Math.min(Math.max(ms, 1000), MAX_MS)
}
