/** Tells those who wait that prices were stored. It carries nothing: what there is to know lies in the log. */
export type Notifier = {
  notify(): void
  /** Until the next ring; earlier when the time is over or the signal fires. */
  wait(ms: number, signal: AbortSignal): Promise<void>
  /** Calls back at each ring; gives back how to stop that. */
  subscribe(listener: () => void): () => void
}

export function createNotifier(): Notifier {
  const listeners = new Set<() => void>()
  const subscribe = (listener: () => void) => {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }
  return {
    notify: () => {
      for (const listener of listeners) listener()
    },
    subscribe,
    wait: (ms, signal) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, signal.aborted ? 0 : ms)
      const stop = subscribe(resolve)
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
