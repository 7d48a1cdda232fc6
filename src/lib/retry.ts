import type { Clock } from './clock.ts'

type Needs = {
  readonly clock: Clock
  readonly onError?: ((error: unknown) => void) | undefined
  /** Between two tries, milliseconds. */
  readonly longestWaitMs?: number
}

const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 10_000

/** Repeats a step until the signal fires, also where it fails. */
export async function repeatUntilAborted(needs: Needs, signal: AbortSignal, step: () => Promise<void>): Promise<void> {
  while (!signal.aborted) await retryUntilDone(needs, signal, step)
}

/**
 * Tries until it succeeds, with a wait after each failure, twice as long each time, for ever; undefined where the signal
 * fires before.
 */
export async function retryUntilDone<T>(
  { clock, onError, longestWaitMs = LONGEST_WAIT_MS }: Needs,
  signal: AbortSignal,
  act: () => Promise<T>,
): Promise<T | undefined> {
  for (let wait = FIRST_WAIT_MS; !signal.aborted; wait = Math.min(longestWaitMs, wait * 2)) {
    try {
      return await act()
    } catch (error) {
      // What breaks off because we stop is no failure.
      if (signal.aborted) return
      onError?.(error)
      await clock.sleep(wait, signal)
    }
  }
  return undefined
}
