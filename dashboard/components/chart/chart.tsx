import { useSignal, useSignalEffect, type ReadonlySignal, type Signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { durationText, timeText } from '../../format/time.ts'
import { now } from '../../state/clock.ts'
import { followSeries, type SeriesState } from '../../state/series/follow-series.ts'
import { jobs } from '../../state/jobs.ts'
import { keyOf, type Row } from '../../state/market/rows.ts'
import { theme } from '../../state/theme.ts'
import type { TimeRange } from '../../state/view.ts'
import { createPriceChart, type PriceChart, type Reading } from './price-chart.ts'

type Props = { readonly row: Row; readonly window: number; readonly range: ReadonlySignal<TimeRange> }

/** Prices with their moving average. Give it a key of series and window: a change of either needs a new chart. */
export function Chart({ row, window, range }: Props) {
  const container = useRef<HTMLDivElement>(null)
  const chart = useSignal<PriceChart | undefined>(undefined)
  const reading = useSignal<Reading | undefined>(undefined)
  const state = useSignal<SeriesState>('loading')
  const hasMore = useSignal(false)

  useEffect(() => {
    if (container.current === null) return undefined
    const canvas = createPriceChart(container.current, (read) => (reading.value = read))
    chart.value = canvas
    const followed = followSeries({ row, window, canvas })
    const stopState = followed.state.subscribe((current) => (state.value = current))
    const stopHasMore = followed.hasMore.subscribe((more) => (hasMore.value = more))
    return () => {
      for (const stop of [stopState, stopHasMore, followed.stop, canvas.remove]) stop()
    }
  }, [])
  useSignalEffect(() => chart.value?.show(range.value))
  useSignalEffect(() => {
    if (theme.value) chart.value?.restyle()
  })

  return (
    <figure class="chart" data-state={state}>
      <Legend window={window} reading={reading} hasMore={hasMore} />
      <div
        ref={container}
        class="canvas"
        role="group"
        tabIndex={0}
        aria-label={`Chart of ${row.symbol}: left and right arrows read its points, plus and minus zoom`}
        onKeyDown={(event) => handleKey(event, chart.value)}
      />
      <NoData row={row} state={state} />
    </figure>
  )
}

type LegendProps = {
  readonly window: number
  readonly reading: Signal<Reading | undefined>
  readonly hasMore: Signal<boolean>
}

function Legend({ window, reading, hasMore }: LegendProps) {
  const { time, lines = [] } = reading.value ?? {}
  return (
    <figcaption data-axes={lines.length > 1 ? 'both' : 'right'}>
      {(lines.length > 0 ? lines : [NO_LINE]).map((line, at) => (
        <Keys
          key={at}
          line={line}
          window={window}
          currency={lines.length > 1 ? ` ${line.currency ?? 'no currency'}` : ''}
        />
      ))}
      {time !== undefined && <time>{timeText(time * 1_000)}</time>}
      {hasMore.value && <span class="more">newest 10,000 prices</span>}
    </figcaption>
  )
}

const NO_LINE = { currency: null, price: undefined, average: undefined }

type KeysProps = { readonly line: Reading['lines'][number]; readonly window: number; readonly currency: string }

/** The currency is named where the chart has several. */
function Keys({ line, window, currency }: KeysProps) {
  return (
    <span class="keys">
      <span class="key" data-line="price">
        {`Price${currency}`} <b>{line.price}</b>
      </span>
      <span class="key" data-line="average">
        {`Average of ${window}${currency}`} <b>{line.average}</b>
      </span>
    </span>
  )
}

function handleKey(event: KeyboardEvent, chart: PriceChart | undefined): void {
  const action = {
    ArrowLeft: () => chart?.step(-1),
    ArrowRight: () => chart?.step(1),
    PageUp: () => chart?.step(-20),
    PageDown: () => chart?.step(20),
    '+': () => chart?.zoom(0.7),
    '-': () => chart?.zoom(1.4),
  }[event.key]
  if (action === undefined) return
  event.preventDefault()
  action()
}

/** Why the chart is empty. */
function NoData({ row, state }: { row: Row; state: Signal<SeriesState> }) {
  if (state.value === 'drawn' || state.value === 'loading') return null
  return (
    <p class="no-data">
      {state.value === 'failed' ? 'Prices are not available right now. Retrying…' : noPriceText(row)}
    </p>
  )
}

function noPriceText({ key, symbol, provider }: Row): string {
  const job = jobs.value?.find((one) => keyOf(one) === key)
  if (job === undefined) return `No prices for ${symbol}, and no job fetches them.`
  if (job.last_run?.error) return `No price for ${symbol} yet. ${job.last_run.error.detail}`
  if (job.next_run_at === null) return `No price for ${symbol} yet: its job is paused.`
  const wait = durationText(Date.parse(job.next_run_at) - now.value)
  return `No price for ${symbol} yet. Next request to ${provider} in ${wait}.`
}
