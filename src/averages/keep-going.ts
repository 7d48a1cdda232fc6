import type { Clock } from '../clock.ts'

type Needs = { readonly clock: Clock; readonly onError?: (error: unknown) => void }

const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 10_000

/** Repeats a step until the signal fires. A step that fails is repeated after a wait, twice as long each time, for ever. */
export async function keepGoing(
  { clock, onError }: Needs,
  signal: AbortSignal,
  step: () => Promise<void>,
): Promise<void> {
  let failures = 0
  while (!signal.aborted) {
    try {
      await step()
      failures = 0
    } catch (error) {
      // What breaks off because we stop is no failure.
      if (signal.aborted) return
      onError?.(error)
      await clock.sleep(Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures), signal)
      failures += 1
    }
  }
}
