import { useComputed, useSignal, type Signal } from '@preact/signals'
import { areJobsKnown, jobs, startJob } from '../service/jobs.ts'
import { directionOf, withSign } from '../service/decimal.ts'
import { rows, selected, type Quote, type Row, type Standing } from '../service/market.ts'
import { windows } from '../service/providers.ts'
import { now, spanText, timeText } from '../service/time.ts'
import { Chart } from './chart.tsx'
import type { Stretch } from './price-chart.ts'
import { StandingMark } from './standing-mark.tsx'

/** The chosen symbol: its price in large, and how it came to it. */
export function ChartPanel() {
  const chosenWindow = useSignal<number | undefined>(undefined)
  const stretch = useSignal<Stretch>('latest')
  const window = useComputed(() => chosenWindow.value ?? windows.value[0])
  const row = selected.value
  if (row === undefined)
    return rows.value && areJobsKnown.value ? <FirstRun /> : <section class="chart-panel" aria-hidden="true" />
  return (
    <section class="chart-panel" aria-labelledby="chart-title">
      <Headline row={row} />
      <div class="tools">
        <Choice legend="Show" name="stretch" choices={STRETCHES} value={stretch} />
        <WindowChoice window={window.value} onChoose={(chosen) => (chosenWindow.value = chosen)} />
      </div>
      {window.value !== undefined && (
        <Chart key={`${row.key} ${window.value}`} row={row} window={window.value} stretch={stretch} />
      )}
    </section>
  )
}

function Headline({ row }: { row: Row }) {
  const quote = row.quote.value
  const standing = row.standing.value
  return (
    <div class="headline">
      <h2 id="chart-title">
        {row.symbol} <span class="source">{row.provider}</span>
      </h2>
      {quote && <Figures quote={quote} currency={standing?.currency} />}
      {quote && <Facts quote={quote} standing={standing} />}
    </div>
  )
}

function Figures({ quote, currency }: { quote: Quote; currency: string | null | undefined }) {
  return (
    <p class="figures">
      <span class="price">{quote.price}</span> <span class="currency">{currency}</span>
      {quote.change && (
        <span class="change" data-direction={directionOf(quote.change)}>
          {withSign(quote.change)} ({withSign(quote.changePercent ?? '0')} %)
        </span>
      )}
    </p>
  )
}

function Facts({ quote, standing }: { quote: Quote; standing: Standing | undefined }) {
  const { extended, previousClose } = standing ?? {}
  return (
    <p class="facts">
      <StandingMark standing={standing} />
      <span>
        {timeText(quote.madeAt)}, {spanText(now.value - quote.madeAt)} ago
      </span>
      {previousClose && <span>previous close {previousClose}</span>}
      {extended && (
        <span>
          {extended.session === 'pre' ? 'pre-market' : 'after hours'} {extended.price} at{' '}
          {timeText(Date.parse(extended.timestamp))}
        </span>
      )}
      <a href={`/prices/${quote.priceId}/lineage`}>Where this price comes from</a>
    </p>
  )
}

const STRETCHES: readonly (readonly [Stretch, string])[] = [
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
      {choices.map(([choice, words]) => (
        <label key={choice}>
          <input type="radio" name={name} checked={value.value === choice} onChange={() => (value.value = choice)} />
          <span>{words}</span>
        </label>
      ))}
    </fieldset>
  )
}

/** The averages that the service keeps. */
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

const FIRST_ORDER = { symbol: 'AAPL', provider: 'simulated', interval_seconds: 2 }

function FirstRun() {
  const failure = useSignal('')
  const start = () => startJob(FIRST_ORDER).catch((error: Error) => (failure.value = error.message))
  return (
    <section class="chart-panel first-run" aria-labelledby="first-title">
      <h2 id="first-title">{jobs.value.length === 0 ? 'Nothing is fetched yet' : 'No prices yet'}</h2>
      <p>
        A job asks a provider for the price of a symbol, every so often. Each price is kept, and its average is drawn
        here as it comes.
      </p>
      <p class="actions">
        <a class="button" href="#order-symbol">
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
