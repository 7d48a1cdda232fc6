import { setTimeout as wait } from 'node:timers/promises'

/** Time, passed in wherever it is needed, so that tests own it. */
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

/** Resolves when the work has, and at the latest after so long: the work goes on then, and its end is nobody's here. */
export async function untilLate(work: Promise<unknown>, ms: number, clock: Clock): Promise<void> {
  const inTime = new AbortController()
  await Promise.race([work, clock.sleep(ms, inTime.signal)]).finally(() => inTime.abort())
}
