import { setTimeout as wait } from 'node:timers/promises'

/** Time, passed in wherever it is needed, so that tests control it. */
export type Clock = {
  /** Milliseconds since 1970, UTC. */
  now(): number
  /** Milliseconds since an arbitrary moment of this process; never goes back, however the system's clock is set. */
  monotonic(): number
  /** Waits; returns early, without an error, when the signal fires. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

/**
 * Clocks of several machines differ by less than this; a stored time that lies further ahead of now was written while a
 * clock was ahead, and counts as unknown.
 */
export const CLOCK_TOLERANCE_MS = 1_000

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    await wait(ms, undefined, { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
  },
}
