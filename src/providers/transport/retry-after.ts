import type { Clock } from '../../lib/clock.ts'
import { ServiceError } from '../../errors.ts'

/** Shut while a provider has asked us to stay away. */
export type RetryAfter = {
  /** @throws ServiceError `provider_rate_limited`, with the seconds that remain, while the gate is shut */
  pass(): void
  /** Shuts the gate for what a `Retry-After` header says, a minute if it says nothing; what `pass` will throw from now on. */
  shut(retryAfter: string | null): ServiceError
}

type Needs = { readonly provider: string; readonly clock: Clock }

const DEFAULT_MS = 60_000
/** A provider that sends us away for longer is asked again after a day. */
const MAX_MS = 86_400_000

/** One gate per provider: the provider's limit counts for all who ask it. */
export function createRetryAfter({ provider, clock }: Needs): RetryAfter {
  let shutUntil = 0
  const refusal = (remainingMs: number): ServiceError => {
    const retryAfterSeconds = Math.ceil(remainingMs / 1000)
    const message = `${provider} has had too many requests; it may be asked again in ${retryAfterSeconds} s.`
    return new ServiceError('provider_rate_limited', message, { provider, retryAfterSeconds })
  }
  return {
    pass: () => {
      const remainingMs = shutUntil - clock.now()
      if (remainingMs > 0) throw refusal(remainingMs)
    },
    shut: (retryAfter) => {
      const now = clock.now()
      shutUntil = Math.max(shutUntil, now + retryAfterMs(retryAfter, now))
      return refusal(shutUntil - now)
    },
  }
}

/** RFC 9110: whole seconds, or a date. */
function retryAfterMs(text: string | null, now: number): number {
  const ms = /^\s*\d+\s*$/.test(text ?? '') ? Number(text) * 1000 : Date.parse(text ?? '') - now
  return Number.isNaN(ms) ? DEFAULT_MS : Math.min(Math.max(ms, 1000), MAX_MS)
}
