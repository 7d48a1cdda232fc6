import { effect, signal, type ReadonlySignal } from '@preact/signals'
import type { PriceEvent } from '../../api/stream.ts'
import { stream, streamOpens } from '../connection.ts'
import { onPrices } from '../market/follow-prices.ts'
import { keyOf, type Row } from '../market/rows.ts'
import { followAverages } from './follow-averages.ts'
import { MAX_POINTS, readAverages, readPrices, RETRY_MS, secondsOf, type Canvas, type Point } from './points.ts'

/** `empty` if there is no price yet; `failed` if they could not be read, which is retried. */
export type SeriesState = 'loading' | 'drawn' | 'empty' | 'failed'
export type FollowedSeries = {
  readonly state: ReadonlySignal<SeriesState>
  /** Whether the service has more prices than are shown. */
  readonly hasMore: ReadonlySignal<boolean>
  stop(): void
}

type Needs = { readonly row: Row; readonly window: number; readonly canvas: Canvas }

/** Beyond this many points the newest are loaded again, because the page stays open all day. */
const RELOAD_POINTS = 2 * MAX_POINTS

/** Draws a series and its moving average, and keeps both up to date until it is stopped. */
export function followSeries({ row, window, canvas }: Needs): FollowedSeries {
  const stopping = new AbortController()
  const { signal: stopped } = stopping
  const state = signal<SeriesState>('loading')
  const hasMore = signal(false)
  const averages = followAverages({ row, window, canvas, stopped })
  let count = 0
  let oldest = Number.NEGATIVE_INFINITY
  let arrived: Point[] = []

  const load = async () => {
    arrived = []
    count = 0
    const series = { row, signal: stopped }
    const [prices, means] = await Promise.all([readPrices(series), readAverages(window, series)])
    canvas.setPrices(prices.points)
    canvas.setAverages(means.points)
    // Prices that arrived during the request may be newer than its response.
    canvas.addPrices(arrived)
    count = prices.points.length + arrived.length
    hasMore.value = prices.hasMore
    oldest = prices.hasMore ? (prices.points[0]?.time ?? oldest) : Number.NEGATIVE_INFINITY
    state.value = count === 0 ? 'empty' : 'drawn'
  }
  const tryToLoad = async () => {
    try {
      await load()
    } catch {
      if (stopped.aborted) return
      if (state.peek() !== 'drawn') state.value = 'failed'
      setTimeout(() => stopped.aborted || void tryToLoad(), RETRY_MS)
    }
  }

  const unsubscribe = onPrices((events) => {
    const own = events.filter((event) => keyOf(event) === row.key)
    if (own.length === 0) return
    const points = own.map(pointOf)
    arrived.push(...points)
    count += points.length
    averages.refresh(own)
    if (state.peek() === 'loading') return
    if (count > RELOAD_POINTS) return void tryToLoad()
    // One from before the newest that were loaded would stand alone.
    canvas.addPrices(points.filter(({ time }) => time >= oldest))
    state.value = 'drawn'
  })
  // Not before the stream has opened or failed: once it is open, it delivers whatever is stored later.
  const stopWatching = effect(() => {
    if (streamOpens.value > 0 || stream.value === 'lost') void tryToLoad()
  })

  return {
    state,
    hasMore,
    stop: () => {
      stopping.abort()
      unsubscribe()
      stopWatching()
    },
  }
}

function pointOf({ timestamp, price, currency }: PriceEvent): Point {
  return { time: secondsOf(timestamp), text: price, currency }
}
