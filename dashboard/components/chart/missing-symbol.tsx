import { useSignal } from '@preact/signals'
import { queryText } from '../../api/client.ts'
import { intervalText } from '../../format/time.ts'
import { createJob } from '../../state/jobs.ts'
import { hasPrice, keyOf, rows, selectedKey, type Sought } from '../../state/market/rows.ts'
import { providers } from '../../state/providers.ts'
import { mayWrite } from '../../state/session.ts'

/** A link to a symbol without prices says so, and shows no other symbol in its place. */
export function MissingSymbol({ link }: { link: Sought }) {
  const others = providersOf(link)
  const isElsewhere = others.length > 0 && link.provider !== undefined
  return (
    <section class="chart-panel first-run" aria-labelledby="chart-title">
      <h2 id="chart-title">
        {link.symbol} <span class="source">{link.provider}</span>
      </h2>
      <p role="status">
        No prices of {link.symbol} {isElsewhere && `from ${link.provider} `}here.{mayWrite.value && ' Start a job?'}
      </p>
      {others.map((provider) => (
        <p key={provider}>
          <a href={queryText({ symbol: link.symbol, provider })}>
            {link.symbol} from {provider}
          </a>
        </p>
      ))}
      {mayWrite.value && <StartJob link={link} />}
    </section>
  )
}

function providersOf({ symbol, others = [] }: Sought): readonly string[] {
  const listed = (rows.value ?? []).filter((row) => row.symbol === symbol && hasPrice(row))
  return [...new Set([...listed.map(({ provider }) => provider), ...others])]
}

const USUAL_INTERVAL_SECONDS = 60

function StartJob({ link }: { link: Sought }) {
  const failure = useSignal('')
  const all = providers.value
  const provider = all.find((one) => one.provider === link.provider) ?? all.find((one) => one.is_default)
  if (provider === undefined) return null
  const interval_seconds = Math.max(USUAL_INTERVAL_SECONDS, provider.advised_interval_seconds)
  const start = async () => {
    try {
      const job = await createJob({ symbol: link.symbol, provider: provider.provider, interval_seconds })
      if (job) selectedKey.value = keyOf(job)
    } catch (error) {
      failure.value = (error as Error).message
    }
  }
  return (
    <>
      <p class="actions">
        <button type="button" onClick={() => void start()}>
          Start a job
        </button>
        <span class="source">
          {provider.provider}, every {intervalText(interval_seconds)}
        </span>
      </p>
      <p role="alert" class="failure">
        {failure}
      </p>
    </>
  )
}
