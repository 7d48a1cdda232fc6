import { ServiceError } from '../../errors.ts'

type Limit = { readonly provider: string; readonly ms: number; readonly signal: AbortSignal }

/**
 * Runs work that may wait for others' work: whoever gives up, by time or by signal, is free at once.
 * @throws ServiceError `provider_timeout` when the time is over; the signal's reason when it fires
 */
export async function withTimeLimit<T>(limit: Limit, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  limit.signal.throwIfAborted()
  const timeout = AbortSignal.timeout(limit.ms)
  const ended = AbortSignal.any([limit.signal, timeout])
  const given = Promise.withResolvers<never>()
  const giveUp = (): void => {
    const { provider, ms } = limit
    const late = new ServiceError('provider_timeout', `${provider} did not answer in ${ms} ms.`, { provider })
    given.reject(limit.signal.aborted ? limit.signal.reason : late)
  }
  ended.addEventListener('abort', giveUp, { once: true })
  try {
    return await Promise.race([work(ended), given.promise])
  } finally {
    ended.removeEventListener('abort', giveUp)
  }
}
