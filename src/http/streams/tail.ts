import type { FastifyBaseLogger } from 'fastify'
import type { ReadLog } from '../../core/log/entry.ts'
import type { LogPosition } from '../../core/log/position.ts'
import { createNotifier } from '../../lib/notifier.ts'
import { createEventWindow, type EventWindow } from './recent-events.ts'
import { toPriceEvent, type PriceEvent } from '../../formats/price-event.ts'

export type TailNeeds = {
  readonly readLog: ReadLog
  /** Calls back when this process stored prices; gives back how to stop that. */
  readonly onPricesStored: (listener: () => void) => () => void
  readonly log: FastifyBaseLogger
}

export type PriceTail = {
  /** The next events behind a position; none if the time passes or the signal fires before there are any. */
  next(after: LogPosition, waitMs: number, signal: AbortSignal): Promise<readonly PriceEvent[]>
  /** Until the signal fires there is one more reader. `end` is the log's end as the reader saw it. */
  join(end: LogPosition, signal: AbortSignal): void
}

/** Bounds what one reader has in memory to some 64 KiB. */
const BATCH = 256
/** News may not be settled yet when it is told, and other processes tell none: so look again, ever less often. */
const SHORTEST_PAUSE_MS = 10
const LONGEST_PAUSE_MS = 200

/**
 * Reads the end of the log once for all who follow it. A reader has only a position, and asks for what is behind it when it
 * has sent what it had: a slow one costs no memory, lags, and catches up from the log itself.
 */
export function createPriceTail({ readLog, onPricesStored, log }: TailNeeds): PriceTail {
  const arrivals = createNotifier()
  let window: EventWindow | undefined
  let readers = 0
  let ending = new AbortController()

  const read = async (after: LogPosition) => (await readLog(after, BATCH)).map(toPriceEvent)

  async function follow(into: EventWindow, from: LogPosition, signal: AbortSignal): Promise<void> {
    const pricesStored = createNotifier()
    let isTold = false
    const unsubscribe = onPricesStored(() => {
      isTold = true
      pricesStored.notify()
    })
    let [position, pauseMs] = [from, SHORTEST_PAUSE_MS]
    while (!signal.aborted) {
      isTold = false
      const events = await read(position).catch(waitForStorage)
      position = events.at(-1)?.position ?? position
      into.add(events)
      if (events.length > 0) arrivals.notify()
      if (!isTold && events.length < BATCH) await pricesStored.wait(pauseMs, signal)
      pauseMs = isTold ? SHORTEST_PAUSE_MS : Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
    }
    unsubscribe()
  }

  function waitForStorage(error: unknown): readonly PriceEvent[] {
    log.debug({ err: error }, 'the log cannot be read; streams wait')
    return []
  }

  function leave(): void {
    readers -= 1
    if (readers > 0) return
    ending.abort()
    window = undefined
  }

  return {
    join: (end, signal) => {
      readers += 1
      signal.addEventListener('abort', leave, { once: true })
      if (window !== undefined) return
      ending = new AbortController()
      window = createEventWindow(end)
      void follow(window, end, ending.signal)
    },
    next: async (after, waitMs, signal) => {
      const events = window?.after(after, BATCH) ?? (await read(after))
      if (events.length > 0 || signal.aborted) return events
      await arrivals.wait(waitMs, signal)
      return window?.after(after, BATCH) ?? []
    },
  }
}
