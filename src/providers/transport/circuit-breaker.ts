import type { Clock } from '../../lib/clock.ts'
import { ServiceError, type ErrorCode } from '../../errors.ts'
import { instantFromMillis } from '../../lib/instant.ts'

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
 * all requests fail at once with `provider_unavailable`; after 30 s one request is sent as a trial. The 30 s are measured
 * by the monotonic clock: setting the system's clock neither shortens nor lengthens them.
 */
export function createCircuitBreaker({ provider, clock, log }: Needs): CircuitBreaker {
  let failures = 0
  /** By the monotonic clock; undefined while the circuit is closed. */
  let nextTryAt: number | undefined
  let isTrying = false
  let lastError: ServiceError | undefined

  function onFailure(error: ServiceError, isTrial: boolean): void {
    // A request that was sent before the circuit opened proves nothing new.
    if (nextTryAt !== undefined && !isTrial) return
    failures += 1
    lastError = error
    if (failures < FAILURES_TO_OPEN) return
    // The circuit opens again each time the trial request fails; only the first time is logged.
    const { message: reason } = error
    if (nextTryAt === undefined) log?.warn({ provider, reason }, `Circuit opened; next try in ${OPEN_MS / 1000} s.`)
    nextTryAt = clock.monotonic() + OPEN_MS
  }

  function onSuccess(): void {
    if (nextTryAt !== undefined) log?.info({ provider }, 'Circuit closed; the provider responds again.')
    failures = 0
    nextTryAt = undefined
  }

  function refusal(remainingMs: number): ServiceError {
    const at = instantFromMillis(Math.ceil((clock.now() + remainingMs) / 1000) * 1000)
    const message = `${provider} failed ${failures} times in a row, last with: ${lastError?.message ?? ''} Next try at ${at}.`
    const retryAfterSeconds = Math.max(1, Math.ceil(remainingMs / 1000))
    return new ServiceError('provider_unavailable', message, {
      provider,
      retryAfterSeconds,
      wasHeldBack: true,
      cause: lastError,
    })
  }

  return async (work) => {
    const remainingMs = nextTryAt === undefined ? 0 : nextTryAt - clock.monotonic()
    if (remainingMs > 0 || isTrying) throw refusal(Math.max(0, remainingMs))
    const isTrial = nextTryAt !== undefined
    isTrying = isTrial
    try {
      const result = await work()
      onSuccess()
      return result
    } catch (error) {
      if (isProviderWide(error)) onFailure(error, isTrial)
      throw error
    } finally {
      if (isTrial) isTrying = false
    }
  }
}

function isProviderWide(error: unknown): error is ServiceError {
  return error instanceof ServiceError && PROVIDER_WIDE.has(error.code)
}
