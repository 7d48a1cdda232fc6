import type { FastifyBaseLogger } from 'fastify'
import type { Clock } from '../../lib/clock.ts'
import { createMemoryCheckpoint, followLog } from '../../core/log/follow.ts'
import type { ReadLog } from '../../core/log/entry.ts'
import type { LogPosition } from '../../core/log/position.ts'
import { createNotifier } from '../../lib/notifier.ts'
import { createRecentEvents, type RecentEvents } from './recent-events.ts'
import { toPriceEvent, type PriceEvent } from '../../formats/price-event.ts'

export type TailDeps = {
  readonly readLog: ReadLog
  /** Calls back when this process has stored prices; returns how to unsubscribe. */
  readonly onPricesStored: (listener: () => void) => () => void
  readonly clock: Clock
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
/** A new price may not be stable yet when we are notified, and other processes do not notify: so poll, ever less often. */
const SHORTEST_PAUSE_MS = 10
const LONGEST_PAUSE_MS = 200

/**
 * Reads the end of the log once for all streams. A reader has only a position, and requests what comes after it once it has
 * sent what it had: a slow reader costs no memory, lags, and catches up from the log itself.
 */
export function createPriceTail({ readLog, onPricesStored, clock, log }: TailDeps): PriceTail {
  const arrivals = createNotifier()
  let recent: RecentEvents | undefined
  let readers = 0
  let ending = new AbortController()

  const read = async (after: LogPosition, limit: number) => (await readLog(after, limit)).map(toPriceEvent)

  async function follow(into: RecentEvents, from: LogPosition, signal: AbortSignal): Promise<void> {
    const pace = createPace(onPricesStored)
    const follower = {
      ...createMemoryCheckpoint(from),
      readLog: read,
      batchSize: BATCH,
      handle: async (events: readonly PriceEvent[]) => {
        into.add(events)
        arrivals.notify()
      },
      waitForMore: pace.wait,
      isPaced: true,
      clock,
      firstWaitMs: LONGEST_PAUSE_MS,
      longestWaitMs: LONGEST_PAUSE_MS,
      onError: (error: unknown) => log.debug({ err: error }, 'log cannot be read; streams wait'),
    }
    await followLog(follower, signal).finally(pace.stop)
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
      const events = recent?.after(after, BATCH) ?? (await read(after, BATCH))
      if (events.length > 0 || signal.aborted) return events
      await arrivals.wait(waitMs, signal)
      return recent?.after(after, BATCH) ?? []
    },
  }
}

/** Waits for the next notification, or ever longer while there is none. One that came during a read is not lost. */
function createPace(onPricesStored: TailDeps['onPricesStored']) {
  const pricesStored = createNotifier()
  let isNotified = false
  let pauseMs = SHORTEST_PAUSE_MS
  const stop = onPricesStored(() => {
    isNotified = true
    pricesStored.notify()
  })
  return {
    stop,
    wait: async (signal: AbortSignal) => {
      if (!isNotified) await pricesStored.wait(pauseMs, signal)
      pauseMs = isNotified ? SHORTEST_PAUSE_MS : Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
      isNotified = false
    },
  }
}
