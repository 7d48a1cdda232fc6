import {
  defaultHorzScaleBehavior,
  type IChartApiBase,
  type IHorzScaleBehavior,
  type TickMarkType,
  type Time,
} from 'lightweight-charts'
import { dayText, tickText, timeText } from '../../format/time.ts'
import type { TimeRange } from '../../state/view.ts'

type ScaleBehavior = IHorzScaleBehavior<Time>
type Points = Parameters<ScaleBehavior['fillWeightsForPoints']>[0]

/** Texts in the page's time zone; by default the chart shows UTC. */
export const TIME_OPTIONS = {
  timeScale: {
    timeVisible: true,
    secondsVisible: true,
    tickMarkFormatter: (time: Time, type: TickMarkType) => tickText(Number(time) * 1_000, type),
    minBarSpacing: 0.02,
  },
  localization: { timeFormatter: (time: Time) => timeText(Number(time) * 1_000) },
}

/** A time scale whose days begin in the page's time zone. By default they begin in UTC, and a mark would name the wrong day. */
export function createTimeScale(): ScaleBehavior {
  const dayAt = createDayAt()
  class ZonedScale extends defaultHorzScaleBehavior() {
    override fillWeightsForPoints(points: Points, from: number): void {
      super.fillWeightsForPoints(points, from)
      for (let at = Math.max(1, from); at < points.length; at++) {
        const [point, before] = [points[at], points[at - 1]]
        if (point && before) Object.assign(point, { timeWeight: weightOf(point, before) })
      }
    }
  }
  const weightOf = (point: Points[number], before: Points[number]) => {
    const [day, dayBefore] = [dayAt(Number(point.originalTime)), dayAt(Number(before.originalTime))]
    const part = DAY_PARTS.find(([length]) => day.slice(0, length) !== dayBefore.slice(0, length))
    return (part?.[1] ?? Math.min(point.timeWeight, HOUR_WEIGHT)) as typeof point.timeWeight
  }
  return new ZonedScale()
}

/** The library's weights of a mark where a year, a month and a day begin, by the length of that part of `2024-01-15`. */
const DAY_PARTS = [
  [4, 70],
  [7, 60],
  [10, 50],
] as const
const HOUR_WEIGHT = 33

/** Zones differ by multiples of a quarter of an hour, so a day is computed once for each. */
const QUARTER_SECONDS = 900

function createDayAt(): (seconds: number) => string {
  const days = new Map<number, string>()
  return (seconds) => {
    const quarter = Math.floor(seconds / QUARTER_SECONDS)
    const day = days.get(quarter) ?? dayText(quarter * QUARTER_SECONDS * 1_000)
    days.set(quarter, day)
    return day
  }
}

const LATEST_POINTS = 120
/** A chart with fewer points begins at the left and leaves the rest empty; a shorter range shows points from before it. */
const LEAST_POINTS = 10
/** Empty points on the right, so that the newest price does not touch the axis. */
const MARGIN_POINTS = 3
const RANGE_SECONDS = { hour: 3_600, day: 86_400 }

/** Makes a range of the given times visible, which are in order. */
export function showRange(chart: IChartApiBase, times: readonly number[], range: TimeRange): void {
  if (times.length === 0) return
  const last = times.length - 1
  const from = Math.max(0, Math.min(firstOf(times, range), last + 1 - LEAST_POINTS))
  chart.timeScale().setVisibleLogicalRange({ from, to: Math.max(last + MARGIN_POINTS, LEAST_POINTS) })
}

function firstOf(times: readonly number[], range: TimeRange): number {
  if (range === 'all') return 0
  if (range === 'latest') return times.length - LATEST_POINTS
  return indexOf(times, (times.at(-1) ?? 0) - RANGE_SECONDS[range])
}

/** Shows more or less, up to the same newest point. */
export function zoom(chart: IChartApiBase, factor: number): void {
  const visible = chart.timeScale().getVisibleLogicalRange()
  if (visible === null) return
  const { from, to } = visible
  chart.timeScale().setVisibleLogicalRange({ from: to - (to - from) * factor, to })
}

/** The index of the first time that is not before this one. */
export function indexOf(times: readonly number[], time: number): number {
  let [low, high] = [0, times.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((times[middle] ?? 0) < time) low = middle + 1
    else high = middle
  }
  return low
}
