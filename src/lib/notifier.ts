/** Tells those who wait that prices were stored. It carries nothing: what there is to know lies in the log. */
export type Bell = {
  ring(): void
  /** Until the next ring; earlier when the time is over or the signal fires. */
  wait(ms: number, signal: AbortSignal): Promise<void>
  /** Calls back at each ring; gives back how to stop that. */
  onRing(listener: () => void): () => void
}

export function createBell(): Bell {
  const listeners = new Set<() => void>()
  const onRing = (listener: () => void) => {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }
  return {
    ring: () => {
      for (const listener of listeners) listener()
    },
    onRing,
    wait: (ms, signal) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, signal.aborted ? 0 : ms)
      const stop = onRing(resolve)
      const wake = () => resolve()
      signal.addEventListener('abort', wake)
      return promise.finally(() => {
        clearTimeout(timer)
        stop()
        // A service's signal lives as long as the service: listeners left on it would pile up.
        signal.removeEventListener('abort', wake)
      })
    },
  }
}
