import type { PriceEvent } from '../../api/stream.ts'
import type { Row } from '../market/rows.ts'
import { readAverages, RETRY_MS, secondsOf, type Canvas, type Point } from './points.ts'

/** Averages follow their prices with a short delay. The service computes them; the page never does. */
const AVERAGES_AFTER_MS = 200
/** Each try waits longer than the one before. */
const MAX_TRIES = 8
const LONGEST_WAIT_MS = 3_200

type Needs = {
  readonly row: Row
  /** In prices. */
  readonly window: number
  readonly canvas: Pick<Canvas, 'addAverages'>
  readonly stopped: AbortSignal
}
type AwaitedPrice = { readonly event: PriceEvent; readonly tries: number }

/** Keeps the averages of a series up to date, by the prices that it is given. */
export function followAverages({ row, window, canvas, stopped }: Needs) {
  let awaited: readonly AwaitedPrice[] = []
  let timer: ReturnType<typeof setTimeout> | undefined
  let dueAt = Number.POSITIVE_INFINITY

  const read = async () => {
    dueAt = Number.POSITIVE_INFINITY
    const requested = awaited.toSorted((a, b) => secondsOf(a.event.timestamp) - secondsOf(b.event.timestamp))
    awaited = []
    try {
      const { points } = await readAverages(window, { row, from: requested[0]?.event.timestamp, signal: stopped })
      canvas.addAverages(points)
      awaited = [...stillMissing(requested, points), ...awaited]
    } catch {
      awaited = [...requested, ...awaited]
      return schedule(RETRY_MS)
    }
    if (awaited.length > 0) schedule(AVERAGES_AFTER_MS * 2 ** Math.min(...awaited.map(({ tries }) => tries)))
  }
  /** An earlier time replaces a later one. */
  const schedule = (ms = AVERAGES_AFTER_MS) => {
    const at = Date.now() + Math.min(ms, LONGEST_WAIT_MS)
    if (stopped.aborted || at >= dueAt) return
    clearTimeout(timer)
    dueAt = at
    timer = setTimeout(() => void read(), at - Date.now())
  }

  return {
    /** Reads the averages from the earliest of these prices on. */
    refresh: (events: readonly PriceEvent[]) => {
      awaited = [...awaited, ...events.map((event) => ({ event, tries: 0 }))]
      schedule()
    },
  }
}

/**
 * Prices whose average is still to come. They are requested again, a limited number of times: the first prices of a series
 * never have one. A later average says nothing about a price that arrived late.
 */
function stillMissing(requested: readonly AwaitedPrice[], averages: readonly Point[]): readonly AwaitedPrice[] {
  const found = new Set(averages.map(({ time, currency }) => `${time} ${currency}`))
  return requested
    .filter(({ event: { timestamp, currency } }) => !found.has(`${secondsOf(timestamp)} ${currency}`))
    .flatMap(({ event, tries }) => (tries < MAX_TRIES ? [{ event, tries: tries + 1 }] : []))
}
