import { useComputed, useSignal, type Signal } from '@preact/signals'
import type { Provider } from '../service/answers.ts'
import { RequestError } from '../service/ask.ts'
import { startJob } from '../service/jobs.ts'
import { keyOf, selectedKey } from '../service/market.ts'
import { providers } from '../service/providers.ts'
import { intervalText } from '../service/time.ts'
import { SymbolSearch } from './symbol-search.tsx'

const UNITS = [
  [1, 'seconds'],
  [60, 'minutes'],
  [3_600, 'hours'],
] as const

/** Starts a job, or gives one that is there another interval. */
export function JobForm({ onSaid }: { onSaid: (words: string) => void }) {
  const symbol = useSignal('')
  const chosen = useSignal<string | undefined>(undefined)
  const count = useSignal('1')
  const unit = useSignal(60)
  const failure = useSignal('')
  const provider = useComputed(() => providerOf(chosen.value))
  const seconds = useComputed(() => Math.round(Number(count.value) * unit.value))

  const order = async (event: Event) => {
    event.preventDefault()
    const given = {
      symbol: symbol.value.trim(),
      provider: provider.value?.provider ?? '',
      interval_seconds: seconds.value,
    }
    try {
      const { jobs } = await startJob(given)
      const [job] = jobs
      if (job) selectedKey.value = keyOf(job)
      onSaid(`${job?.symbol} from ${given.provider}: fetched every ${intervalText(given.interval_seconds)}.`)
      symbol.value = failure.value = ''
    } catch (error) {
      failure.value = error instanceof RequestError ? reasonOf(error) : String(error)
    }
  }

  return (
    <form class="order" aria-label="Start a job" onSubmit={(event) => void order(event)}>
      <SymbolSearch symbol={symbol} provider={provider} describedBy="order-failure" />
      <label>
        Provider
        <select value={provider.value?.provider} onChange={({ currentTarget }) => (chosen.value = currentTarget.value)}>
          {providers.value.map((one) => (
            <option key={one.provider} value={one.provider}>
              {one.provider}
            </option>
          ))}
        </select>
      </label>
      <IntervalFields count={count} unit={unit} />
      <button type="submit" class="button">
        Start
      </button>
      <p id="order-failure" class="failure" role="alert">
        {failure}
      </p>
      <Advice provider={provider.value} seconds={seconds.value} />
    </form>
  )
}

function IntervalFields({ count, unit }: { count: Signal<string>; unit: Signal<number> }) {
  return (
    <fieldset class="every">
      <legend>Every</legend>
      <input
        type="number"
        aria-label="How many"
        min="1"
        step="1"
        required
        value={count}
        onInput={({ currentTarget }) => (count.value = currentTarget.value)}
      />
      <select
        aria-label="Unit"
        value={unit.value}
        onChange={({ currentTarget }) => (unit.value = Number(currentTarget.value))}
      >
        {UNITS.map(([size, words]) => (
          <option key={size} value={size}>
            {words}
          </option>
        ))}
      </select>
    </fieldset>
  )
}

function Advice({ provider, seconds }: { provider: Provider | undefined; seconds: number }) {
  if (provider === undefined || !(seconds < provider.advised_interval_seconds)) return null
  return (
    <p class="advice">
      {provider.provider} should not be asked more often than every {provider.advised_interval_seconds} s; it may
      refuse.
    </p>
  )
}

function providerOf(chosen: string | undefined): Provider | undefined {
  const all = providers.value
  return all.find(({ provider }) => provider === chosen) ?? all.find((one) => one.is_default) ?? all[0]
}

/** The service points at fields of its own request; people want to know what is wrong with theirs. */
function reasonOf({ problem, message }: RequestError): string {
  const [first] = problem?.errors ?? []
  if (first?.pointer === '/symbol') return 'That cannot be a symbol.'
  return first ? `${first.pointer.slice(1)}: ${first.detail}` : message
}
