import type { Clock } from '../../../src/lib/clock.ts'

export type VirtualClock = Clock & {
  /** Lets time pass up to a moment, stopping at each sleeper's; before every step it waits until `idle`. */
  advance(ms: number): Promise<void>
}

type Sleeper = { readonly wakeAt: number; readonly wake: () => void }

/** Time that stands still until the test lets it pass. `idle`: nothing is in progress, so everything waits for time. */
export function createVirtualClock(start: number, idle: () => boolean): VirtualClock {
  let now = start
  const sleepers = new Set<Sleeper>()

  async function untilIdle(): Promise<void> {
    // Promises that follow from the last step run first; only then is `idle` meaningful.
    do await new Promise(setImmediate)
    while (!idle())
  }

  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve()
        const wake = () => {
          signal.removeEventListener('abort', wake)
          sleepers.delete(sleeper)
          resolve()
        }
        const sleeper = { wakeAt: now + Math.max(0, ms), wake }
        sleepers.add(sleeper)
        signal.addEventListener('abort', wake)
      }),
    advance: async (ms) => {
      const until = now + ms
      for (;;) {
        await untilIdle()
        const next = Math.min(until, ...[...sleepers].map((sleeper) => sleeper.wakeAt))
        const due = [...sleepers].filter((sleeper) => sleeper.wakeAt <= next)
        if (due.length === 0 && next === until) break
        now = Math.max(now, next)
        for (const sleeper of due) sleeper.wake()
      }
      now = until
      await untilIdle()
    },
  }
}
