/** Wakes everybody who waits. */
export type Bell = {
  ring(): void
  /** Until the next ring; earlier when the time is over or the signal fires. */
  wait(ms: number, signal: AbortSignal): Promise<void>
}

export function createBell(): Bell {
  const waiting = new Set<() => void>()
  return {
    ring: () => {
      for (const wake of waiting) wake()
    },
    wait: (ms, signal) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      const wake = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', wake)
        waiting.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, signal.aborted ? 0 : ms)
      signal.addEventListener('abort', wake)
      waiting.add(wake)
      return promise
    },
  }
}
