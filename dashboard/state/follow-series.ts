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
    const points = own.map(({ timestamp, price }) => ({ time: secondsOf(timestamp), text: price }))
    arrived.push(...points)
    count += points.length
    averages.refresh(own)
    if (state.peek() === 'loading') return
    if (count > RELOAD_POINTS) return void tryToLoad()
    canvas.addPrices(points)
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

/** Averages follow their prices with a short delay. The service computes them; the page never does. */
const AVERAGES_AFTER_MS = 200
const MAX_TRIES = 20

type AverageNeeds = Needs & { readonly stopped: AbortSignal }

function followAverages({ row, window, canvas, stopped }: AverageNeeds) {
  let affected: PriceEvent[] = []
  let timer: ReturnType<typeof setTimeout> | undefined
  let tries = 0

  const read = async () => {
    timer = undefined
    const prices = affected.toSorted((a, b) => secondsOf(a.timestamp) - secondsOf(b.timestamp))
    affected = []
    try {
      const { points } = await readAverages(window, { row, from: prices[0]?.timestamp, signal: stopped })
      canvas.addAverages(points)
      const newest = points.at(-1)?.time ?? 0
      // Averages still missing are requested again, a limited number of times: the first prices never have one.
      const missing = prices.filter(({ timestamp }) => secondsOf(timestamp) > newest)
      tries = missing.length > 0 ? tries + 1 : 0
      if (tries < MAX_TRIES) affected.push(...missing)
    } catch {
      affected.push(...prices)
      return schedule(RETRY_MS)
    }
    if (affected.length > 0) schedule()
  }
  const schedule = (ms = AVERAGES_AFTER_MS) => {
    if (!stopped.aborted) timer ??= setTimeout(() => void read(), ms)
  }

  return {
    /** Reads the averages from the earliest of these prices on. */
    refresh: (events: readonly PriceEvent[]) => {
      affected.push(...events)
      schedule()
    },
  }
}
