import { useComputed, useSignal } from '@preact/signals'
import type { Provider, RefusedSymbol, Symbol as SymbolEntry } from '../../api/schemas.ts'
import { createJobs, jobMessage, type MarketHours } from '../../state/jobs.ts'
import { keyOf, selectedKey } from '../../state/market/rows.ts'
import { pollable } from '../../state/providers.ts'
import { meaningOf, partsOf, searchSymbols } from '../../state/symbols/meaning.ts'
import { createdText, refusalOf } from './form-texts.ts'
import { IntervalFields, intervalProblem, MarketHoursField, secondsOf, useInterval } from './interval-fields.tsx'
import { Refusals } from './refusals.tsx'
import { SymbolSearch } from './symbol-search.tsx'

/** Starts jobs of one or more symbols, or changes the settings of existing ones. */
export function JobForm() {
  const form = useJobForm()
  const { symbol, provider, interval, hours, failure, notice, refused } = form
  return (
    <form
      class="job-form"
      aria-label="Start a job"
      aria-busy={form.isBusy}
      onSubmit={(event) => void form.submit(event)}
    >
      <SymbolSearch
        symbol={symbol}
        provider={provider}
        taken={form.taken}
        notice={notice}
        describedBy="job-failure job-notice"
        onChoose={form.choose}
      />
      <label>
        Provider
        <select
          value={provider.value?.provider}
          onChange={({ currentTarget }) => (form.chosenProvider.value = currentTarget.value)}
        >
          {pollable.value.map((one) => (
            <option key={one.provider} value={one.provider}>
              {one.provider}
            </option>
          ))}
        </select>
      </label>
      <IntervalFields interval={interval} />
      <MarketHoursField hours={hours} />
      <button type="submit" class="button">
        Start
      </button>
      <div class="form-notes">
        <p id="job-failure" class="failure" role="alert">
          {failure}
        </p>
        <Refusals refused={refused} onChoose={(chosen) => (symbol.value = chosen)} />
        <p id="job-notice" class="advice" role="status">
          {notice}
        </p>
        <Advice provider={provider.value} seconds={secondsOf(interval)} />
      </div>
    </form>
  )
}

function useJobForm() {
  const symbol = useSignal('')
  /** The suggestion that was taken last: it needs no search to be understood. */
  const taken = useSignal('')
  const chosenProvider = useSignal<string | undefined>(undefined)
  const hours = useSignal<MarketHours>('always')
  const interval = useInterval()
  const [failure, notice] = [useSignal(''), useSignal('')]
  const refused = useSignal<readonly RefusedSymbol[]>([])
  const isBusy = useSignal(false)
  const provider = useComputed(() => providerOf(chosenProvider.value))

  const choose = (match: SymbolEntry) => {
    const before = symbol.value.split(/[,;\n]/).slice(0, -1)
    taken.value = [...before.map((part) => part.trim()), match.symbol].join(', ')
    symbol.value = taken.value
  }
  const start = async (symbols: readonly string[]) => {
    const body = { symbols, provider: provider.value?.provider ?? '', interval_seconds: secondsOf(interval) }
    const created = await createJobs({ ...body, market_hours: hours.value })
    const [first] = created.jobs
    if (first) selectedKey.value = keyOf(first)
    jobMessage.value = createdText(created)
    refused.value = created.errors ?? []
    symbol.value = refused.value.map((one) => one.symbol).join(', ')
  }
  const search = (text: string) => searchSymbols(text, provider.value?.provider)
  const attempt = async () => {
    const isTaken = symbol.value === taken.value
    const meaning = isTaken ? { symbols: partsOf(symbol.value) } : await meaningOf(symbol.value, search)
    if ('symbols' in meaning) return start(meaning.symbols)
    if ('problem' in meaning) return void (failure.value = meaning.problem)
    choose(meaning.suggestion)
    notice.value = takenText(meaning.suggestion)
  }
  /** What was reported of an attempt before must not stand beside the outcome of this one. */
  const submit = async (event: Event) => {
    event.preventDefault()
    if (isBusy.value) return
    jobMessage.value = notice.value = ''
    refused.value = []
    failure.value = intervalProblem(interval) ?? ''
    if (failure.value) return
    isBusy.value = true
    notice.value = 'Checking…'
    await attempt().catch((error: unknown) => ([failure.value, refused.value] = refusalOf(error)))
    if (notice.value === 'Checking…') notice.value = ''
    isBusy.value = false
  }
  return { symbol, taken, provider, chosenProvider, interval, hours, failure, notice, refused, isBusy, choose, submit }
}

function takenText({ symbol, name }: SymbolEntry): string {
  return `${symbol}${name ? `, ${name},` : ''} is the first suggestion. Press Start to poll it.`
}

function Advice({ provider, seconds }: { provider: Provider | undefined; seconds: number }) {
  if (provider === undefined || !(seconds < provider.advised_interval_seconds)) return null
  return (
    <p class="advice">
      Recommended for {provider.provider}: at least {provider.advised_interval_seconds} s. It may reject more frequent
      requests.
    </p>
  )
}

function providerOf(chosen: string | undefined): Provider | undefined {
  const all = pollable.value
  return all.find(({ provider }) => provider === chosen) ?? all.find((one) => one.is_default) ?? all[0]
}
