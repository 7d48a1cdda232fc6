import { AreaSeries, LineSeries, type AutoscaleInfo, type IChartApiBase } from 'lightweight-charts'
import type { Point } from '../../state/series/points.ts'
import { createLine, type Line } from './line.ts'
import { indexOf } from './time-scale.ts'

/** The prices of one currency, and their average. */
export type CurrencyLines = { readonly currency: string | null; readonly price: Line; readonly average: Line }
type Kind = 'price' | 'average'

/** One pair of lines for each currency, because pence and pounds are two series; each pair has an axis of its own. */
export function createCurrencyLines(chart: IChartApiBase, colourOf: (name: string) => string) {
  const pairs: CurrencyLines[] = []
  const pairOf = (currency: string | null) => {
    const known = pairs.find((pair) => pair.currency === currency)
    if (known) return known
    const pair = createPair(currency, pairs.length)
    pairs.push(pair)
    colour(pair, pairs.length === 1 ? FIRST_COLOURS : OTHER_COLOURS, colourOf)
    chart.applyOptions({ leftPriceScale: { visible: pairs.length > 1 } })
    return pair
  }
  const format = () => {
    for (const { price, average } of pairs) for (const line of [price, average]) line.setDecimals(price.decimals())
  }

  return {
    pairs,
    /** Replaces all lines of a kind. The currency of the newest price comes first, and keeps its place. */
    set: (kind: Kind, points: readonly Point[]) => {
      for (const { currency } of points.toReversed()) pairOf(currency)
      const byCurrency = Map.groupBy(points, ({ currency }) => currency)
      for (const pair of pairs) pair[kind].set(byCurrency.get(pair.currency) ?? [])
      format()
    },
    add: (kind: Kind, points: readonly Point[]) => {
      for (const [name, own] of Map.groupBy(points, ({ currency }) => currency)) pairOf(name)[kind].add(own)
      format()
    },
    /** The times of all prices, in order: the positions on the time scale. */
    times: () => timesOf(pairs),
    restyle: () => pairs.forEach((pair, at) => colour(pair, at === 0 ? FIRST_COLOURS : OTHER_COLOURS, colourOf)),
  }

  function createPair(currency: string | null, at: number): CurrencyLines {
    // The third currency and later ones have an axis that is not shown.
    const priceScaleId = ['right', 'left'][at] ?? String(currency)
    const shared = { priceScaleId, autoscaleInfoProvider: (original: () => AutoscaleInfo | null) => framed(original()) }
    const price = chart.addSeries(AreaSeries, { ...shared, lineWidth: 2 })
    const average = chart.addSeries(LineSeries, {
      ...shared,
      lineWidth: 1,
      priceLineVisible: false,
      crosshairMarkerRadius: 3,
    })
    const pair = { currency, price: createLine(price), average: createLine(average) }
    const framed = (info: AutoscaleInfo | null) => withEdges(info, [pair.price, pair.average])
    return pair
  }

  /** A line that enters or leaves between two points stays in the frame. */
  function withEdges(info: AutoscaleInfo | null, lines: readonly Line[]): AutoscaleInfo | null {
    const visible = chart.timeScale().getVisibleLogicalRange()
    if (!info?.priceRange || visible === null) return info
    const times = timesOf(pairs)
    const heights = lines.flatMap((line) => [heightAt(line, times, visible.from), heightAt(line, times, visible.to)])
    const { minValue, maxValue } = info.priceRange
    const values = heights.filter((height) => height !== undefined)
    return { ...info, priceRange: { minValue: Math.min(minValue, ...values), maxValue: Math.max(maxValue, ...values) } }
  }
}

function timesOf(pairs: readonly CurrencyLines[]): readonly number[] {
  const [first, ...others] = pairs.map(({ price }) => price.times())
  if (first === undefined || others.length === 0) return first ?? []
  return [...new Set([first, ...others].flat())].toSorted((a, b) => a - b)
}

/** The height of a line where it crosses a position between two of its points; undefined beyond its ends. */
function heightAt(line: Line, times: readonly number[], position: number): number | undefined {
  const own = line.times()
  const next = indexOf(own, times[Math.ceil(position)] ?? Number.POSITIVE_INFINITY)
  const [before, after] = [own[next - 1], own[next]]
  if (before === undefined || after === undefined) return undefined
  const [from, to] = [indexOf(times, before), indexOf(times, after)]
  const [low, high] = [line.heightAt(before), line.heightAt(after)]
  return low + ((high - low) * (position - from)) / (to - from)
}

type Colours = { readonly price: string; readonly area: string; readonly average: string }
const FIRST_COLOURS: Colours = { price: '--price', area: '--price-area', average: '--average' }
const OTHER_COLOURS: Colours = { price: '--other', area: '--none', average: '--other' }

function colour({ price, average }: CurrencyLines, names: Colours, colourOf: (name: string) => string): void {
  const lineColor = colourOf(names.price)
  const topColor = names.area === '--none' ? 'transparent' : colourOf(names.area)
  price.series.applyOptions({ lineColor, topColor, bottomColor: 'transparent', priceLineColor: lineColor })
  average.series.applyOptions({ color: colourOf(names.average) })
}
