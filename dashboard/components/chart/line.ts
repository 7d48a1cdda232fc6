import type { ISeriesApi, LineData, UTCTimestamp } from 'lightweight-charts'
import type { Decimal } from '../../../src/lib/decimal.ts'
import type { Point } from '../../state/series/points.ts'
import { decimalsOf } from './decimals.ts'

export type Line = ReturnType<typeof createLine>

/** A line of the chart, with the exact text of each of its points. A later point of the same time replaces the earlier one. */
export function createLine<T extends 'Area' | 'Line'>(series: ISeriesApi<T>) {
  const texts = new Map<number, Decimal>()
  let times: number[] = []
  let decimals = 0
  const heightAt = (time: number) => Number(texts.get(time)) * scaleFor(decimals)
  const datumAt = (time: number): LineData => ({ time: time as UTCTimestamp, value: heightAt(time) })
  const draw = () => series.setData(times.map(datumAt))
  const isNew = ({ time, text }: Point) =>
    Number.isFinite(time) && Number.isFinite(Number(text)) && texts.get(time) !== text
  const put = (points: readonly Point[]) => {
    for (const { time, text } of points) texts.set(time, text)
    times = [...texts.keys()].toSorted((a, b) => a - b)
    draw()
  }
  const append = ({ time, text }: Point) => {
    const isDrawn = texts.has(time)
    const isPast = time < (times.at(-1) ?? Number.NEGATIVE_INFINITY)
    texts.set(time, text)
    if (!isDrawn) times.push(time)
    series.update(datumAt(time), isPast)
  }

  return {
    series,
    /** In order. */
    times: (): readonly number[] => times,
    textAt: (time: number) => texts.get(time),
    newest: () => texts.get(times.at(-1) ?? Number.NaN),
    set: (points: readonly Point[]) => {
      texts.clear()
      put(points.filter(isNew))
    },
    /** The library can append a point and change one that it has drawn; with a new one between them all are drawn again. */
    add: (points: readonly Point[]) => {
      const fresh = points.filter(isNew).toSorted((a, b) => a.time - b.time)
      const newest = times.at(-1) ?? Number.NEGATIVE_INFINITY
      if (fresh.some(({ time }) => time < newest && !texts.has(time))) put(fresh)
      else for (const point of fresh) append(point)
    },
    /** Where the point is drawn. */
    heightAt,
    /** Decimals that tell the newest points apart. */
    decimals: () => decimalsOf(times.slice(-NEWEST).flatMap((time) => texts.get(time) ?? [])),
    /** How many decimals its numbers on the axis have. */
    setDecimals: (count: number) => {
      if (count === decimals) return
      const isScaled = scaleFor(count) !== scaleFor(decimals)
      decimals = count
      series.applyOptions({ priceFormat: formatOf(count) })
      if (isScaled) draw()
    },
  }
}

const NEWEST = 100

/** The library cannot tell numbers apart behind this many decimals, so the smallest prices are drawn as multiples of themselves. */
const DRAWN_DECIMALS = 8

function scaleFor(decimals: number): number {
  return 10 ** Math.max(0, decimals - DRAWN_DECIMALS)
}

function formatOf(decimals: number) {
  const formatter = (height: number) => (height / scaleFor(decimals)).toFixed(decimals)
  const base = 10 ** Math.min(decimals, DRAWN_DECIMALS)
  return { type: 'custom' as const, formatter, minMove: 1 / base, base }
}
