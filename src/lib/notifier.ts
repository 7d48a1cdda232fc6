/** Wakes those who wait for something to have changed. It carries no data: waiters read what changed from the tables. */
export type Notifier = {
  notify(): void
  /** Resolves at the next `notify`, after `ms`, or when the signal fires. */
  wait(ms: number, signal: AbortSignal): Promise<void>
  /** Calls the listener at each `notify`; returns how to unsubscribe. */
  subscribe(listener: () => void): () => void
}

/** A notifier for one process. */
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
      const unsubscribe = subscribe(resolve)
      const wake = () => resolve()
      signal.addEventListener('abort', wake)
      return promise.finally(() => {
        clearTimeout(timer)
        unsubscribe()
        // A service's signal lives as long as the service: listeners left on it would accumulate.
        signal.removeEventListener('abort', wake)
      })
    },
  }
}
