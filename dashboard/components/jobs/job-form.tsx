import { useComputed, useSignal, type Signal } from '@preact/signals'
import { RequestError } from '../../api/client.ts'
import type { Provider } from '../../api/schemas.ts'
import { intervalText } from '../../format/time.ts'
import { createJob, jobMessage } from '../../state/jobs.ts'
import { keyOf, selectedKey } from '../../state/market.ts'
import { providers } from '../../state/providers.ts'
import { SymbolSearch } from './symbol-search.tsx'

const UNITS = [
  [1, 'seconds'],
  [60, 'minutes'],
  [3_600, 'hours'],
] as const

/** Starts a job, or changes the interval of an existing one. */
export function JobForm() {
  const symbol = useSignal('')
  const chosen = useSignal<string | undefined>(undefined)
  const count = useSignal('1')
  const unit = useSignal(60)
  const failure = useSignal('')
  const provider = useComputed(() => providerOf(chosen.value))
  const seconds = useComputed(() => Math.round(Number(count.value) * unit.value))

  const submit = async (event: Event) => {
    event.preventDefault()
    const [name, interval_seconds] = [provider.value?.provider ?? '', seconds.value]
    try {
      const job = await createJob({ symbol: symbol.value.trim(), provider: name, interval_seconds })
      if (job) selectedKey.value = keyOf(job)
      jobMessage.value = `${job?.symbol} from ${name}: fetched every ${intervalText(interval_seconds)}.`
      symbol.value = failure.value = ''
    } catch (error) {
      failure.value = error instanceof RequestError ? reasonOf(error) : String(error)
    }
  }

  return (
    <form class="job-form" aria-label="Start a job" onSubmit={(event) => void submit(event)}>
      <SymbolSearch symbol={symbol} provider={provider} describedBy="job-failure" />
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
      <p id="job-failure" class="failure" role="alert">
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
        aria-label="Interval"
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
        {UNITS.map(([size, name]) => (
          <option key={size} value={size}>
            {name}
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
      Recommended for {provider.provider}: at least {provider.advised_interval_seconds} s. It may reject more frequent
      requests.
    </p>
  )
}

function providerOf(chosen: string | undefined): Provider | undefined {
  const all = providers.value
  return all.find(({ provider }) => provider === chosen) ?? all.find((one) => one.is_default) ?? all[0]
}

/** The service names members of its request; a person needs to know which field is wrong. */
function reasonOf({ problem, message }: RequestError): string {
  const [first] = problem?.errors ?? []
  if (first?.pointer === '/symbol') return 'Not a valid symbol.'
  return first ? `${first.pointer.slice(1)}: ${first.detail}` : message
}
