import {
  AreaSeries,
  createChart,
  LineSeries,
  type IChartApi,
  type ISeriesApi,
  type LineData,
  type MouseEventParams,
  type TickMarkType,
  type Time,
  type UTCTimestamp,
} from 'lightweight-charts'
import { scaleOf, type Decimal } from '../../../src/lib/decimal.ts'
import { timeText } from '../../format/time.ts'
import type { Canvas } from '../../state/follow-series.ts'
import type { Point } from '../../state/series.ts'

/** The values at one time of the chart; without a time, the newest. */
export type Reading = {
  readonly time?: number
  readonly price?: Decimal | undefined
  readonly average?: Decimal | undefined
}

/** The part of the series that is visible; `latest` is its last 120 points. */
export type TimeRange = 'latest' | 'hour' | 'day' | 'all'

/** The drawn chart; `remove` releases it. */
export type PriceChart = Canvas & {
  show(range: TimeRange): void
  /** Moves the reading by a number of points, for use without a pointer. */
  step(points: number): void
  zoom(factor: number): void
  /** Reads its colours from the style sheet again. */
  restyle(): void
  remove(): void
}

const LATEST_POINTS = 120
const RANGE_SECONDS = { hour: 3_600, day: 86_400 }

/** A line of prices and one of their averages, drawn by lightweight-charts. A reading has the exact decimals. */
export function createPriceChart(container: HTMLElement, onRead: (reading: Reading) => void): PriceChart {
  const chart = createChart(container, { autoSize: true, ...FIXED_OPTIONS })
  const prices = createLine(chart.addSeries(AreaSeries, { lineWidth: 2 }))
  const averages = createLine(
    chart.addSeries(LineSeries, { lineWidth: 1, priceLineVisible: false, crosshairMarkerRadius: 3 }),
  )
  let range: TimeRange = 'latest'
  let cursor: number | undefined

  const read = () =>
    onRead(
      cursor === undefined
        ? { price: prices.newest(), average: averages.newest() }
        : { time: cursor, price: prices.textAt(cursor), average: averages.textAt(cursor) },
    )
  const thenRead =
    (draw: (points: readonly Point[]) => void): typeof draw =>
    (points) => {
      draw(points)
      read()
    }
  chart.subscribeCrosshairMove(({ time }: MouseEventParams) => {
    cursor = time as number | undefined
    read()
  })
  const show = (wanted: TimeRange) => {
    range = wanted
    showRange(chart, prices.times(), wanted)
  }
  const colour = () => restyle({ chart, prices: prices.series, averages: averages.series, container })
  colour()

  return {
    setPrices: thenRead((points) => {
      prices.set(points)
      const format = formatOf(points)
      prices.series.applyOptions({ priceFormat: format })
      averages.series.applyOptions({ priceFormat: format })
      show(range)
    }),
    addPrices: thenRead(prices.add),
    setAverages: thenRead(averages.set),
    addAverages: thenRead(averages.add),
    show,
    step: (by) => {
      const times = prices.times()
      const at = cursor === undefined ? times.length : times.indexOf(cursor)
      cursor = times[Math.min(times.length - 1, Math.max(0, at + by))]
      if (cursor === undefined) return
      chart.setCrosshairPosition(Number(prices.textAt(cursor)), cursor as UTCTimestamp, prices.series)
      read()
    },
    zoom: (factor) => zoom(chart, factor),
    restyle: colour,
    remove: () => chart.remove(),
  }
}

/** A series of the chart, with the exact text of each point. */
function createLine<T extends 'Area' | 'Line'>(series: ISeriesApi<T>) {
  const texts = new Map<number, Decimal>()
  let newest = Number.NEGATIVE_INFINITY
  return {
    series,
    textAt: (time: number) => texts.get(time),
    newest: () => texts.get(newest),
    times: () => series.data().map(({ time }) => time as number),
    set: (points: readonly Point[]) => {
      texts.clear()
      for (const { time, text } of points) texts.set(time, text)
      newest = points.at(-1)?.time ?? Number.NEGATIVE_INFINITY
      series.setData(points.map(datumOf))
    },
    add: (points: readonly Point[]) => {
      for (const point of points) {
        if (texts.get(point.time) === point.text) continue
        texts.set(point.time, point.text)
        series.update(datumOf(point), point.time < newest)
        newest = Math.max(newest, point.time)
      }
    },
  }
}

function datumOf({ time, text }: Point): LineData {
  return { time: time as UTCTimestamp, value: Number(text) }
}

/** The axis has as many decimals as the prices, at most eight: the decimals of a bitcoin. */
function formatOf(points: readonly Point[]) {
  const precision = Math.min(8, Math.max(2, ...points.slice(-100).map(({ text }) => scaleOf(text))))
  return { type: 'price' as const, precision, minMove: 10 ** -precision }
}

/** Empty points on the right, so that the newest price does not touch the axis. */
const MARGIN_POINTS = 3

function showRange(chart: IChartApi, times: readonly number[], range: TimeRange): void {
  if (times.length === 0) return
  const last = times.length - 1
  chart.timeScale().setVisibleLogicalRange({ from: firstOf(times, range), to: last + MARGIN_POINTS })
}

function firstOf(times: readonly number[], range: TimeRange): number {
  if (range === 'all') return 0
  if (range === 'latest') return times.length - LATEST_POINTS
  const since = (times.at(-1) ?? 0) - RANGE_SECONDS[range]
  return times.findIndex((time) => time >= since)
}

function zoom(chart: IChartApi, factor: number): void {
  const visible = chart.timeScale().getVisibleLogicalRange()
  if (visible === null) return
  const { from, to } = visible
  chart.timeScale().setVisibleLogicalRange({ from: to - (to - from) * factor, to })
}

const FIXED_OPTIONS = {
  // Animation is off: it would keep the processor busy all day.
  kineticScroll: { touch: false, mouse: false },
  handleScroll: { vertTouchDrag: false },
  timeScale: { timeVisible: true, secondsVisible: true, tickMarkFormatter: tickText, minBarSpacing: 0.02 },
  localization: { timeFormatter: (time: Time) => timeText(Number(time) * 1_000) },
}

const tickFormats = [
  { year: 'numeric' },
  { month: 'short' },
  { day: 'numeric', month: 'short' },
  { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
].map((options) => new Intl.DateTimeFormat(undefined, options as Intl.DateTimeFormatOptions))

/** Local times; by default the chart shows UTC. */
function tickText(time: Time, type: TickMarkType): string {
  return tickFormats[type]?.format(Number(time) * 1_000) ?? ''
}

type Coloured = {
  readonly chart: IChartApi
  readonly prices: ISeriesApi<'Area'>
  readonly averages: ISeriesApi<'Line'>
  readonly container: HTMLElement
}

function restyle({ chart, prices, averages, container }: Coloured): void {
  const colour = (name: string) => colourOf(container, name)
  const line = { color: colour('--line') }
  chart.applyOptions({
    layout: {
      background: { color: 'transparent' },
      textColor: colour('--dim'),
      fontFamily: getComputedStyle(container).fontFamily,
      fontSize: 11,
    },
    grid: { vertLines: line, horzLines: line },
    timeScale: { borderColor: line.color },
    rightPriceScale: { borderColor: line.color },
    crosshair: { vertLine: { color: colour('--dim') }, horzLine: { color: colour('--dim') } },
  })
  prices.applyOptions({
    lineColor: colour('--price'),
    topColor: colour('--price-area'),
    bottomColor: 'transparent',
    priceLineColor: colour('--price'),
  })
  averages.applyOptions({ color: colour('--average') })
}

/** A custom property may hold `light-dark(…)`; only a real property resolves it to a colour. */
function colourOf(container: HTMLElement, name: string): string {
  const probe = container.appendChild(document.createElement('span'))
  probe.style.color = `var(${name})`
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}
