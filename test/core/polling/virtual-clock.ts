import type { Clock } from '../../../src/lib/clock.ts'

export type VirtualClock = Clock & {
  /** Lets time pass up to a moment, stopping at each sleeper's; before every step it waits until `idle`. */
  advance(ms: number): Promise<void>
  /** Sets the clock of the system forward or back, as NTP does: no time passes. */
  step(ms: number): void
}

type Sleeper = { readonly wakeAt: number; readonly wake: () => void }

/** Time that stands still until the test lets it pass. `idle`: nothing is in progress, so everything waits for time. */
export function createVirtualClock(start: number, idle: () => boolean): VirtualClock {
  let now = start
  /** What the clock of the system shows, beside the time that has passed. */
  let offset = 0
  const sleepers = new Set<Sleeper>()

  async function untilIdle(): Promise<void> {
    // Promises that follow from the last step run first; only then is `idle` meaningful.
    do await new Promise(setImmediate)
    while (!idle())
  }

  return {
    now: () => now + offset,
    monotonic: () => now,
    step: (ms) => void (offset += ms),
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
