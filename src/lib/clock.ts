import { setTimeout as wait } from 'node:timers/promises'

/** Time, passed in wherever it is needed, so that tests control it. */
export type Clock = {
  /** Milliseconds since 1970, UTC. */
  now(): number
  /** Waits; returns early, without an error, when the signal fires. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    await wait(ms, undefined, { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
  },
}
