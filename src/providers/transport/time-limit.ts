import { ServiceError } from '../../errors.ts'
import { DeadlineError, withDeadline } from '../../lib/deadline.ts'

type Limit = { readonly provider: string; readonly ms: number; readonly signal: AbortSignal }

/**
 * Runs a request to a provider with a deadline. The caller is free at once when time runs out or its signal fires, and so
 * is the work, through the signal that it gets.
 * @throws ServiceError `provider_timeout` on timeout; the signal's reason when it fires
 */
export async function withTimeLimit<T>(
  { provider, ms, signal }: Limit,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted()
  const timeout = new AbortController()
  try {
    return await withDeadline(work(AbortSignal.any([signal, timeout.signal])), { ms, what: provider, signal })
  } catch (error) {
    if (!(error instanceof DeadlineError)) throw error
    timeout.abort()
    throw new ServiceError('provider_timeout', `${provider} did not answer in ${ms} ms.`, { provider })
  }
}
