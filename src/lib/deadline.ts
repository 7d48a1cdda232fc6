import { systemClock, type Clock } from './clock.ts'

/** The work did not finish in time. */
export class DeadlineError extends Error {
  constructor(what: string, ms: number) {
    super(`${what}: no answer within ${ms / 1_000} s`)
    this.name = 'DeadlineError'
  }
}

export type Limit = {
  readonly ms: number
  /** Names the work in the error. */
  readonly what: string
  /** Ends the wait early. */
  readonly signal?: AbortSignal | undefined
  readonly clock?: Pick<Clock, 'sleep'> | undefined
}

/**
 * Waits for the work no longer than the limit. On timeout the work itself continues, unobserved: a later failure of it is
 * ignored.
 * @throws DeadlineError on timeout; the signal's reason when it fires; whatever the work throws
 */
export async function withDeadline<T>(work: Promise<T>, { ms, what, signal, clock = systemClock }: Limit): Promise<T> {
  const waiting = new AbortController()
  const stopWaiting = () => waiting.abort()
  if (signal?.aborted) stopWaiting()
  signal?.addEventListener('abort', stopWaiting)
  const timeout = clock.sleep(ms, waiting.signal).then((): never => {
    signal?.throwIfAborted()
    throw new DeadlineError(what, ms)
  })
  try {
    return await Promise.race([work, timeout])
  } finally {
    stopWaiting()
    signal?.removeEventListener('abort', stopWaiting)
  }
}

/**
 * As `withDeadline`, for work that may be left behind.
 * @returns false on timeout
 */
export async function isDoneInTime(work: Promise<unknown>, limit: Limit): Promise<boolean> {
  try {
    await withDeadline(work, limit)
    return true
  } catch (error) {
    if (error instanceof DeadlineError) return false
    throw error
  }
}
