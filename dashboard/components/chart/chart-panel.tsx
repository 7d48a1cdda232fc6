import { useComputed, useSignal, type Signal } from '@preact/signals'
import { directionOf, signedText } from '../../format/decimal.ts'
import { durationText, timeText } from '../../format/time.ts'
import { now } from '../../state/clock.ts'
import { createJob, jobs } from '../../state/jobs.ts'
import { rows, selected, type Quote, type QuoteStatus, type Row } from '../../state/market.ts'
import { windows } from '../../state/providers.ts'
import { QuoteStatusLabel } from '../quote-status.tsx'
import { Chart } from './chart.tsx'
import type { TimeRange } from './price-chart.ts'

/** The selected symbol: its price in large type, and a chart of its history. */
export function ChartPanel() {
  const chosenWindow = useSignal<number | undefined>(undefined)
  const range = useSignal<TimeRange>('latest')
  const window = useComputed(() => chosenWindow.value ?? windows.value[0])
  const row = selected.value
  if (row === undefined)
    return rows.value && jobs.value ? <FirstRun /> : <section class="chart-panel" aria-hidden="true" />
  return (
    <section class="chart-panel" aria-labelledby="chart-title">
      <Headline row={row} />
      <div class="tools">
        <Choice legend="Range" name="range" choices={RANGES} value={range} />
        <WindowChoice window={window.value} onChoose={(chosen) => (chosenWindow.value = chosen)} />
      </div>
      {window.value !== undefined && (
        <Chart key={`${row.key} ${window.value}`} row={row} window={window.value} range={range} />
      )}
    </section>
  )
}

function Headline({ row }: { row: Row }) {
  const quote = row.quote.value
  const status = row.status.value
  return (
    <div class="headline">
      <h2 id="chart-title">
        {row.symbol} <span class="source">{row.provider}</span>
      </h2>
      {quote && <Figures quote={quote} currency={status?.currency} />}
      {quote && <Details quote={quote} status={status} />}
    </div>
  )
}

function Figures({ quote, currency }: { quote: Quote; currency: string | null | undefined }) {
  return (
    <p class="figures">
      <span class="price">{quote.price}</span> <span class="currency">{currency}</span>
      {quote.change && (
        <span class="change" data-direction={directionOf(quote.change)}>
          {signedText(quote.change)} {quote.changePercent && `(${signedText(quote.changePercent)} %)`}
        </span>
      )}
    </p>
  )
}

function Details({ quote, status }: { quote: Quote; status: QuoteStatus | undefined }) {
  const { extended, previousClose } = status ?? {}
  return (
    <p class="details">
      <QuoteStatusLabel status={status} />
      <span>
        {timeText(quote.madeAt)}, {durationText(now.value - quote.madeAt)} ago
      </span>
      {previousClose && <span>previous close {previousClose}</span>}
      {extended && (
        <span>
          {extended.session === 'pre' ? 'pre-market' : 'after hours'} {extended.price} at{' '}
          {timeText(Date.parse(extended.timestamp))}
        </span>
      )}
      <a href={`prices/${quote.priceId}/lineage`}>Where this price comes from</a>
    </p>
  )
}

const RANGES: readonly (readonly [TimeRange, string])[] = [
  ['latest', 'Latest'],
  ['hour', '1 h'],
  ['day', '1 d'],
  ['all', 'All'],
]

type ChoiceProps<T extends string> = {
  readonly legend: string
  readonly name: string
  readonly choices: readonly (readonly [T, string])[]
  readonly value: Signal<T>
}

function Choice<T extends string>({ legend, name, choices, value }: ChoiceProps<T>) {
  return (
    <fieldset class="choice">
      <legend>{legend}</legend>
      {choices.map(([choice, text]) => (
        <label key={choice}>
          <input type="radio" name={name} checked={value.value === choice} onChange={() => (value.value = choice)} />
          <span>{text}</span>
        </label>
      ))}
    </fieldset>
  )
}

/** The averages that the service computes. */
function WindowChoice({ window, onChoose }: { window: number | undefined; onChoose: (window: number) => void }) {
  return (
    <label class="window">
      Average of
      <select value={window} onChange={({ currentTarget }) => onChoose(Number(currentTarget.value))}>
        {windows.value.map((one) => (
          <option key={one} value={one}>
            {one} prices
          </option>
        ))}
      </select>
    </label>
  )
}

const FIRST_JOB = { symbol: 'AAPL', provider: 'simulated', interval_seconds: 2 }

function FirstRun() {
  const failure = useSignal('')
  const start = () => createJob(FIRST_JOB).catch((error: Error) => (failure.value = error.message))
  return (
    <section class="chart-panel first-run" aria-labelledby="first-title">
      <h2 id="first-title">{jobs.value?.length === 0 ? 'No polling jobs yet' : 'No prices yet'}</h2>
      <p>
        A polling job fetches the price of a symbol from a provider at a fixed interval. Every price is stored, and
        appears here with its moving average as soon as it arrives.
      </p>
      <p class="actions">
        <a class="button" href="#job-symbol">
          Choose a symbol
        </a>
        <button type="button" onClick={() => void start()}>
          Try it with simulated prices
        </button>
      </p>
      <p role="alert" class="failure">
        {failure}
      </p>
    </section>
  )
}
