import { effect, signal, type ReadonlySignal } from '@preact/signals'
import type { PriceEvent } from '../api/stream.ts'
import { stream, streamOpens } from './connection.ts'
import { keyOf, onPrices, type Row } from './market.ts'
import { MAX_POINTS, readAverages, readPrices, secondsOf, type Point } from './series.ts'

/** What shows the points: a chart. */
export type Canvas = {
  setPrices(points: readonly Point[]): void
  addPrices(points: readonly Point[]): void
  setAverages(points: readonly Point[]): void
  addAverages(points: readonly Point[]): void
}

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
const RETRY_MS = 2_000

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

/** Averages follow their prices with a short delay. The service computes them; the page never does. */
const AVERAGES_AFTER_MS = 200
/** Each try waits longer than the one before. */
const MAX_TRIES = 8
const LONGEST_WAIT_MS = 3_200

type AverageNeeds = Needs & { readonly stopped: AbortSignal }
type AwaitedPrice = { readonly event: PriceEvent; readonly tries: number }

function followAverages({ row, window, canvas, stopped }: AverageNeeds) {
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
