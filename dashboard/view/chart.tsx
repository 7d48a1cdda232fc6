import { useSignal, useSignalEffect, type ReadonlySignal, type Signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { jobs } from '../service/jobs.ts'
import { followSeries, type SeriesState } from '../service/follow-series.ts'
import { keyOf, type Row } from '../service/market.ts'
import { theme } from '../service/theme.ts'
import { now, spanText, timeText } from '../service/time.ts'
import { createPriceChart, type PriceChart, type Reading, type Stretch } from './price-chart.ts'

type Props = { readonly row: Row; readonly window: number; readonly stretch: ReadonlySignal<Stretch> }

/** Prices with their moving average over them. Its key is the series and the window: another one is another chart. */
export function Chart({ row, window, stretch }: Props) {
  const place = useRef<HTMLDivElement>(null)
  const chart = useSignal<PriceChart | undefined>(undefined)
  const reading = useSignal<Reading | undefined>(undefined)
  const state = useSignal<SeriesState>('loading')
  const hasMore = useSignal(false)

  useEffect(() => {
    if (place.current === null) return undefined
    const canvas = createPriceChart(place.current, (read) => (reading.value = read))
    chart.value = canvas
    const followed = followSeries({ row, window, canvas })
    const stopState = followed.state.subscribe((drawn) => (state.value = drawn))
    const stopMore = followed.hasMore.subscribe((more) => (hasMore.value = more))
    return () => {
      for (const stop of [stopState, stopMore, followed.stop, canvas.remove]) stop()
    }
  }, [])
  useSignalEffect(() => chart.value?.show(stretch.value))
  useSignalEffect(() => {
    if (theme.value) chart.value?.restyle()
  })

  return (
    <figure class="chart" data-state={state}>
      <Legend window={window} reading={reading} hasMore={hasMore} />
      <div
        ref={place}
        class="canvas"
        role="group"
        tabIndex={0}
        aria-label={`Chart of ${row.symbol}: left and right read its points, plus and minus zoom`}
        onKeyDown={(event) => actOnKey(event, chart.value)}
      />
      <Waiting row={row} state={state} />
    </figure>
  )
}

type LegendProps = {
  readonly window: number
  readonly reading: Signal<Reading | undefined>
  readonly hasMore: Signal<boolean>
}

function Legend({ window, reading, hasMore }: LegendProps) {
  const read = reading.value
  return (
    <figcaption>
      <span class="key" data-line="price">
        Price <b>{read?.price}</b>
      </span>
      <span class="key" data-line="average">
        Average of {window} <b>{read?.average}</b>
      </span>
      {read?.time !== undefined && <time>{timeText(read.time * 1_000)}</time>}
      {hasMore.value && <span class="more">newest 10,000 prices</span>}
    </figcaption>
  )
}

function actOnKey(event: KeyboardEvent, chart: PriceChart | undefined): void {
  const act = {
    ArrowLeft: () => chart?.step(-1),
    ArrowRight: () => chart?.step(1),
    PageUp: () => chart?.step(-20),
    PageDown: () => chart?.step(20),
    '+': () => chart?.zoom(0.7),
    '-': () => chart?.zoom(1.4),
  }[event.key]
  if (act === undefined) return
  event.preventDefault()
  act()
}

/** Why there is no line. */
function Waiting({ row, state }: { row: Row; state: Signal<SeriesState> }) {
  if (state.value === 'drawn' || state.value === 'loading') return null
  return (
    <p class="waiting">
      {state.value === 'failed' ? 'The prices cannot be read now; trying again.' : noPriceText(row)}
    </p>
  )
}

function noPriceText(row: Row): string {
  const job = jobs.value.find((one) => keyOf(one) === row.key)
  if (job === undefined) return `No prices of ${row.symbol}, and no job that fetches them.`
  if (job.last_run?.error) return `No price of ${row.symbol} yet. ${job.last_run.error.detail}`
  if (job.next_run_at === null) return `No price of ${row.symbol} yet; its job is paused.`
  return `No price of ${row.symbol} yet; ${row.provider} is asked in ${spanText(Date.parse(job.next_run_at) - now.value)}.`
}
