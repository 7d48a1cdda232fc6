import {
  createChartEx,
  type IChartApiBase,
  type MouseEventParams,
  type Time,
  type UTCTimestamp,
} from 'lightweight-charts'
import type { Decimal } from '../../../src/lib/decimal.ts'
import type { Canvas, Point } from '../../state/series/points.ts'
import type { TimeRange } from '../../state/view.ts'
import { createCurrencyLines, type CurrencyLines } from './currency-lines.ts'
import { createTimeScale, showRange, TIME_OPTIONS, zoom } from './time-scale.ts'

/** The values at one time of the chart, in each currency; without a time, the newest. */
export type Reading = {
  readonly time?: number | undefined
  readonly lines: readonly {
    readonly currency: string | null
    readonly price: Decimal | undefined
    readonly average: Decimal | undefined
  }[]
}

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

/** Prices and one of their averages, drawn by lightweight-charts. A reading has the exact decimals. */
export function createPriceChart(container: HTMLElement, onRead: (reading: Reading) => void): PriceChart {
  const chart = createChartEx<Time, ReturnType<typeof createTimeScale>>(container, createTimeScale(), {
    autoSize: true,
    ...FIXED_OPTIONS,
  })
  const lines = createCurrencyLines(chart, (name) => colourOf(container, name))
  let range: TimeRange = 'latest'
  let cursor: number | undefined
  /** Until a person moves or zooms the chart, it keeps to the range as points arrive. */
  let isFollowing = true

  const read = () => onRead({ time: cursor, lines: lines.pairs.map((pair) => readingOf(pair, cursor)) })
  const draw = (how: 'set' | 'add', kind: 'price' | 'average') => (points: readonly Point[]) => {
    lines[how](kind, points)
    if (kind === 'price' && isFollowing) showRange(chart, lines.times(), range)
    read()
  }
  chart.subscribeCrosshairMove(({ time }: MouseEventParams) => {
    cursor = time as number | undefined
    read()
  })
  for (const type of ['wheel', 'pointerdown']) {
    container.addEventListener(type, () => (isFollowing = false), { passive: true })
  }
  const restyle = () => {
    styleChart(chart, container)
    lines.restyle()
  }
  styleChart(chart, container)

  return {
    setPrices: draw('set', 'price'),
    addPrices: draw('add', 'price'),
    setAverages: draw('set', 'average'),
    addAverages: draw('add', 'average'),
    show: (wanted) => {
      range = wanted
      isFollowing = true
      showRange(chart, lines.times(), range)
    },
    step: (by) => {
      cursor = timeAfter(lines.times(), cursor, by)
      if (cursor === undefined) return
      point(chart, lines.pairs, cursor)
      read()
    },
    zoom: (factor) => {
      isFollowing = false
      zoom(chart, factor)
    },
    restyle,
    remove: () => chart.remove(),
  }
}

function readingOf({ currency, price, average }: CurrencyLines, time: number | undefined) {
  if (time === undefined) return { currency, price: price.newest(), average: average.newest() }
  return { currency, price: price.textAt(time), average: average.textAt(time) }
}

function timeAfter(times: readonly number[], cursor: number | undefined, by: number): number | undefined {
  const at = cursor === undefined ? times.length : times.indexOf(cursor)
  return times[Math.min(times.length - 1, Math.max(0, at + by))]
}

function point(chart: IChartApiBase, pairs: readonly CurrencyLines[], time: number): void {
  const pair = pairs.find(({ price }) => price.textAt(time) !== undefined)
  if (pair) chart.setCrosshairPosition(pair.price.heightAt(time), time as UTCTimestamp, pair.price.series)
}

const FIXED_OPTIONS = {
  // Animation is off: it would keep the processor busy all day.
  kineticScroll: { touch: false, mouse: false },
  handleScroll: { vertTouchDrag: false },
  ...TIME_OPTIONS,
}

function styleChart(chart: IChartApiBase, container: HTMLElement): void {
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
    leftPriceScale: { borderColor: line.color },
    crosshair: { vertLine: { color: colour('--dim') }, horzLine: { color: colour('--dim') } },
  })
}

/** A custom property may hold `light-dark(…)`; only a real property resolves it to a colour. */
function colourOf(container: HTMLElement, name: string): string {
  const probe = container.appendChild(document.createElement('span'))
  probe.style.color = `var(${name})`
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}
