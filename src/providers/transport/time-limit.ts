import { ServiceError } from '../../errors.ts'

type Limit = { readonly provider: string; readonly ms: number; readonly signal: AbortSignal }

/**
 * Runs work that may wait for the work of other callers: on timeout or abort this caller returns at once.
 * @throws ServiceError `provider_timeout` on timeout; the signal's reason if it is aborted
 */
export async function withTimeLimit<T>(limit: Limit, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  limit.signal.throwIfAborted()
  const timeout = AbortSignal.timeout(limit.ms)
  const ended = AbortSignal.any([limit.signal, timeout])
  const ending = Promise.withResolvers<never>()
  const end = (): void => {
    const { provider, ms } = limit
    const late = new ServiceError('provider_timeout', `${provider} did not answer within ${ms} ms.`, { provider })
    ending.reject(limit.signal.aborted ? limit.signal.reason : late)
  }
  ended.addEventListener('abort', end, { once: true })
  try {
    return await Promise.race([work(ended), ending.promise])
  } finally {
    ended.removeEventListener('abort', end)
  }
}
