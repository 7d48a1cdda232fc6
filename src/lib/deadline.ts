/** What was awaited did not come in time. */
class DeadlineError extends Error {
  constructor(what: string, ms: number) {
    super(`${what}: no answer within ${ms / 1_000} s`)
    this.name = 'DeadlineError'
  }
}

export type Limit = { readonly ms: number; readonly what: string; readonly signal?: AbortSignal | undefined }

/**
 * Waits no longer than that, whatever the client's own timeouts do: with endless retries it has none. The work itself is
 * not stopped, and its late failure is nobody's.
 * @throws DeadlineError when the time is over, or the signal's reason
 */
export function withDeadline<T>(work: Promise<T>, { ms, what, signal }: Limit): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const timer = setTimeout(() => reject(new DeadlineError(what, ms)), ms)
  const abort = () => reject(signal?.reason as Error)
  if (signal?.aborted) abort()
  signal?.addEventListener('abort', abort)
  work.then(resolve, reject)
  return promise.finally(() => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  })
}
