import type { FastifyBaseLogger } from 'fastify'
import type { LogPosition, ReadLog } from '../../core/log/log.ts'
import { createNotifier } from '../../lib/notifier.ts'
import { createRecentEvents, type RecentEvents } from './recent-events.ts'
import { toPriceEvent, type PriceEvent } from '../../formats/price-event.ts'

export type TailDeps = {
  readonly readLog: ReadLog
  /** Calls back when this process has stored prices; returns how to unsubscribe. */
  readonly onPricesStored: (listener: () => void) => () => void
  readonly log: FastifyBaseLogger
}

export type PriceTail = {
  /** The next events after a position; none if the time passes or the signal fires first. */
  next(after: LogPosition, waitMs: number, signal: AbortSignal): Promise<readonly PriceEvent[]>
  /** Adds a reader until the signal fires. `end` is the end of the log as the reader saw it. */
  join(end: LogPosition, signal: AbortSignal): void
}

/** Bounds what one reader holds in memory to some 64 KiB. */
const BATCH = 256
/** A stored price may not be readable yet, and other processes do not notify this one: so it polls, ever less often. */
const SHORTEST_PAUSE_MS = 10
const LONGEST_PAUSE_MS = 200

/**
 * Reads the end of the log once for all readers. A reader has only a position, and requests what follows once it has sent
 * what it had: a slow one costs no memory, falls behind, and catches up from the log itself.
 */
export function createPriceTail({ readLog, onPricesStored, log }: TailDeps): PriceTail {
  const arrivals = createNotifier()
  let recent: RecentEvents | undefined
  let readers = 0
  let ending = new AbortController()

  const read = async (after: LogPosition) => (await readLog(after, BATCH)).map(toPriceEvent)

  async function follow(into: RecentEvents, from: LogPosition, signal: AbortSignal): Promise<void> {
    const pricesStored = createNotifier()
    let isNotified = false
    const unsubscribe = onPricesStored(() => {
      isNotified = true
      pricesStored.notify()
    })
    let [position, pauseMs] = [from, SHORTEST_PAUSE_MS]
    while (!signal.aborted) {
      isNotified = false
      const events = await read(position).catch(waitForStorage)
      position = events.at(-1)?.position ?? position
      into.add(events)
      if (events.length > 0) arrivals.notify()
      if (!isNotified && events.length < BATCH) await pricesStored.wait(pauseMs, signal)
      pauseMs = isNotified ? SHORTEST_PAUSE_MS : Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
    }
    unsubscribe()
  }

  function waitForStorage(error: unknown): readonly PriceEvent[] {
    log.debug({ err: error }, 'log cannot be read; streams wait')
    return []
  }

  function leave(): void {
    readers -= 1
    if (readers > 0) return
    ending.abort()
    recent = undefined
  }

  return {
    join: (end, signal) => {
      readers += 1
      signal.addEventListener('abort', leave, { once: true })
      if (recent !== undefined) return
      ending = new AbortController()
      recent = createRecentEvents(end)
      void follow(recent, end, ending.signal)
    },
    next: async (after, waitMs, signal) => {
      const events = recent?.after(after, BATCH) ?? (await read(after))
      if (events.length > 0 || signal.aborted) return events
      await arrivals.wait(waitMs, signal)
      return recent?.after(after, BATCH) ?? []
    },
  }
}
