import { comparePositions, type LogPosition } from '../../core/log/position.ts'
import type { PriceEvent } from '../../formats/price-event.ts'

/** The newest events, for readers that are a little behind; who is further behind reads the log itself. */
const KEPT_EVENTS = 4_096

export type EventWindow = {
  add(events: readonly PriceEvent[]): void
  /** Events behind a position, oldest first; undefined where the window does not reach back so far. */
  after(position: LogPosition, limit: number): readonly PriceEvent[] | undefined
}

/** Holds every event behind `start`, and forgets the oldest. */
export function createEventWindow(start: LogPosition): EventWindow {
  let reach = start
  let kept: PriceEvent[] = []
  return {
    add: (events) => {
      kept.push(...events)
      if (kept.length < 2 * KEPT_EVENTS) return
      reach = kept.at(-KEPT_EVENTS - 1)?.position ?? reach
      kept = kept.slice(-KEPT_EVENTS)
    },
    after: (position, limit) => {
      if (comparePositions(position, reach) < 0) return undefined
      // From the end, since most readers are there.
      const seen = kept.findLastIndex((event) => comparePositions(event.position, position) <= 0)
      return kept.slice(seen + 1, seen + 1 + limit)
    },
  }
}
