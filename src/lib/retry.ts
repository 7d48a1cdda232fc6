import type { Clock } from './clock.ts'

export type RetryOptions = {
  readonly clock: Clock
  /** Called after each failed try, except for one that the signal interrupted. */
  readonly onError?: ((error: unknown, tries: number) => void) | undefined
  /** Milliseconds after the first failure; each further wait is twice as long. */
  readonly firstWaitMs?: number
  readonly longestWaitMs?: number
  /** Default: no limit. */
  readonly maxTries?: number
}

const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 10_000
/** A try that ran this long before it failed had been working: the waits start again from the first. */
const WORKED_MS = 60_000

/** Repeats a step until the signal fires; a step that fails is retried as in `retryUntilDone`. */
export async function repeatUntilAborted(
  options: Omit<RetryOptions, 'maxTries'>,
  signal: AbortSignal,
  step: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) await retryUntilDone(options, signal, step)
}

/**
 * Tries until it succeeds, and waits between tries.
 * @returns undefined if the signal fires first
 * @throws the last error, after `maxTries`
 */
export async function retryUntilDone<T>(
  options: RetryOptions,
  signal: AbortSignal,
  act: () => Promise<T>,
): Promise<T | undefined> {
  const { clock, onError, firstWaitMs = FIRST_WAIT_MS, longestWaitMs = LONGEST_WAIT_MS, maxTries = Infinity } = options
  let waitMs = firstWaitMs
  for (let tries = 1; !signal.aborted; tries += 1) {
    const startedAt = clock.monotonic()
    try {
      return await act()
    } catch (error) {
      // An interruption by the signal is not a failure.
      if (signal.aborted) return undefined
      if (tries >= maxTries) throw error
      onError?.(error, tries)
      if (clock.monotonic() - startedAt >= WORKED_MS) waitMs = firstWaitMs
      await clock.sleep(waitMs, signal)
      waitMs = Math.min(longestWaitMs, waitMs * 2)
    }
  }
  return undefined
}
