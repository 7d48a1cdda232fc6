import { effect, signal, type ReadonlySignal } from '@preact/signals'
import type { PriceEvent } from './answers.ts'
import { openings, stream } from './connection.ts'
import { keyOf, onPrices, type Row } from './market.ts'
import { MAX_POINTS, readAverages, readPrices, type Point } from './series.ts'
import { secondsOf } from './time.ts'

/** What shows the points: a chart. */
export type Canvas = {
  setPrices(points: readonly Point[]): void
  addPrices(points: readonly Point[]): void
  setAverages(points: readonly Point[]): void
  addAverages(points: readonly Point[]): void
}

export type SeriesState = 'loading' | 'drawn' | 'empty' | 'failed'
export type Followed = {
  readonly state: ReadonlySignal<SeriesState>
  /** Whether the service has more prices than are shown. */
  readonly hasMore: ReadonlySignal<boolean>
  stop(): void
}

type Needs = { readonly row: Row; readonly window: number; readonly canvas: Canvas }

/** Beyond so many points the chart is drawn anew with the newest ones: the page stays open all day. */
const TOO_MANY_POINTS = 2 * MAX_POINTS
const RETRY_MS = 2_000

/** Draws a series and its moving average, and keeps both up to date until it is stopped. */
export function followSeries({ row, window, canvas }: Needs): Followed {
  const stopping = new AbortController()
  const { signal: stopped } = stopping
  const state = signal<SeriesState>('loading')
  const hasMore = signal(false)
  const averages = followAverages({ row, window, canvas, stopped })
  let count = 0
  let came: Point[] = []

  const load = async () => {
    came = []
    count = 0
    const asked = { row, signal: stopped }
    const [prices, means] = await Promise.all([readPrices(asked), readAverages(window, asked)])
    canvas.setPrices(prices.points)
    canvas.setAverages(means.points)
    // What came in the meantime may be newer than what was read.
    canvas.addPrices(came)
    count = prices.points.length + came.length
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

  const stopListening = onPrices((events) => {
    const own = events.filter((event) => keyOf(event) === row.key)
    if (own.length === 0) return
    const points = own.map(({ timestamp, price }) => ({ time: secondsOf(timestamp), text: price }))
    came.push(...points)
    count += points.length
    averages.touch(own)
    if (state.peek() === 'loading') return
    if (count > TOO_MANY_POINTS) return void tryToLoad()
    canvas.addPrices(points)
    state.value = 'drawn'
  })
  // Not before the stream had its chance: what is stored from then on comes by it.
  const stopWatching = effect(() => {
    if (openings.value > 0 || stream.value === 'lost') void tryToLoad()
  })

  return {
    state,
    hasMore,
    stop: () => {
      stopping.abort()
      stopListening()
      stopWatching()
    },
  }
}

/** The averages follow the prices a little later; they are the service's own, never computed here. */
const AVERAGES_AFTER_MS = 200
const MAX_TRIES = 20

type AverageNeeds = Needs & { readonly stopped: AbortSignal }

function followAverages({ row, window, canvas, stopped }: AverageNeeds) {
  let touched: PriceEvent[] = []
  let timer: ReturnType<typeof setTimeout> | undefined
  let tries = 0

  const read = async () => {
    timer = undefined
    const asked = touched.toSorted((a, b) => secondsOf(a.timestamp) - secondsOf(b.timestamp))
    touched = []
    try {
      const { points } = await readAverages(window, { row, from: asked[0]?.timestamp, signal: stopped })
      canvas.addAverages(points)
      const newest = points.at(-1)?.time ?? 0
      // What is not averaged yet is asked for again, some times: the first prices have no average at all.
      const missing = asked.filter(({ timestamp }) => secondsOf(timestamp) > newest)
      tries = missing.length > 0 ? tries + 1 : 0
      if (tries < MAX_TRIES) touched.push(...missing)
    } catch {
      touched.push(...asked)
      return schedule(RETRY_MS)
    }
    if (touched.length > 0) schedule()
  }
  const schedule = (ms = AVERAGES_AFTER_MS) => {
    if (!stopped.aborted) timer ??= setTimeout(() => void read(), ms)
  }

  return {
    /** Prices that came, so that the averages at their times and behind are read. */
    touch: (events: readonly PriceEvent[]) => {
      touched.push(...events)
      schedule()
    },
  }
}
