import type { FastifyBaseLogger } from 'fastify'
import type { LogPlace, ReadLog } from '../../core/log/log.ts'
import { createBell } from '../../lib/notifier.ts'
import { createEventWindow, type EventWindow } from './recent-events.ts'
import { toPriceEvent, type PriceEvent } from '../../formats/price-event.ts'

export type TailNeeds = {
  readonly readLog: ReadLog
  /** Calls back when this process stored prices; gives back how to stop that. */
  readonly onNews: (listener: () => void) => () => void
  readonly log: FastifyBaseLogger
}

export type PriceTail = {
  /** The next events behind a place; none if the time passes or the signal fires before there are any. */
  next(after: LogPlace, waitMs: number, signal: AbortSignal): Promise<readonly PriceEvent[]>
  /** Until the signal fires there is one more reader. `end` is the log's end as the reader saw it. */
  join(end: LogPlace, signal: AbortSignal): void
}

/** Bounds what one reader has in memory to some 64 KiB. */
const BATCH = 256
/** News may not be settled yet when it is told, and other processes tell none: so look again, ever less often. */
const SHORTEST_PAUSE_MS = 10
const LONGEST_PAUSE_MS = 200

/**
 * Reads the end of the log once for all who follow it. A reader has only a place, and asks for what is behind it when it
 * has sent what it had: a slow one costs no memory, lags, and catches up from the log itself.
 */
export function createPriceTail({ readLog, onNews, log }: TailNeeds): PriceTail {
  const arrivals = createBell()
  let window: EventWindow | undefined
  let readers = 0
  let ending = new AbortController()

  const read = async (after: LogPlace) => (await readLog(after, BATCH)).map(toPriceEvent)

  async function follow(into: EventWindow, from: LogPlace, signal: AbortSignal): Promise<void> {
    const news = createBell()
    let isTold = false
    const stopNews = onNews(() => {
      isTold = true
      news.ring()
    })
    let [place, pauseMs] = [from, SHORTEST_PAUSE_MS]
    while (!signal.aborted) {
      isTold = false
      const events = await read(place).catch(waitForStorage)
      place = events.at(-1)?.place ?? place
      into.add(events)
      if (events.length > 0) arrivals.ring()
      if (!isTold && events.length < BATCH) await news.wait(pauseMs, signal)
      pauseMs = isTold ? SHORTEST_PAUSE_MS : Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
    }
    stopNews()
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
