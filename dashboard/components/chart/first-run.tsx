import { useSignal } from '@preact/signals'
import { createJob, jobs } from '../../state/jobs.ts'

const FIRST_JOB = { symbol: 'AAPL', provider: 'simulated', interval_seconds: 2 }

/** What the page is for, while there is nothing to show. */
export function FirstRun() {
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
