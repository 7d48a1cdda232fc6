import type { ProviderHealth } from '../api/schemas.ts'
import { countText } from '../format/count.ts'
import { durationText } from '../format/time.ts'
import { now } from '../state/clock.ts'
import { health, isFailing, providers } from '../state/providers.ts'
import { NotLoaded } from './not-loaded.tsx'
import { StatusLabel, type Status } from './status-icon.tsx'
import { Table, type Column, type RowNote } from './table.tsx'

/** Where prices come from, and how well each source works. */
export function Providers() {
  return (
    <section class="providers" aria-labelledby="providers-title">
      <div class="title">
        <h2 id="providers-title">Providers</h2>
      </div>
      <Table
        columns={COLUMNS}
        items={health.value?.providers ?? []}
        keyOf={({ provider }) => provider}
        noteOf={errorNote}
      />
      {health.value === undefined && <NotLoaded />}
    </section>
  )
}

const COLUMNS: readonly Column<ProviderHealth>[] = [
  { title: 'Provider', cell: (one) => <Name provider={one.provider} /> },
  { title: 'State', class: 'state', cell: (one) => <StatusLabel status={statusOf(one)} /> },
  { title: 'Last success', cell: (one) => <Age timestamp={one.last_success_at} /> },
  { title: 'Requests today', class: 'requests', cell: (one) => <Requests health={one} /> },
  { title: 'Failed', cell: (one) => countText(one.failures) },
]

/** Today's by cause. */
function Requests({ health: { provider } }: { health: ProviderHealth }) {
  const today = providers.value.find((one) => one.provider === provider)?.requests.today
  if (today === undefined) return null
  const { job, question, rate_limited } = today
  return (
    <>
      {countText(job + question)}
      <span class="source">
        {countText(job)} by jobs, {countText(question)} by questions
        {rate_limited > 0 && `, ${countText(rate_limited)} refused (429)`}
      </span>
    </>
  )
}

function Name({ provider }: { provider: string }) {
  const listed = providers.value.find((one) => one.provider === provider)
  return (
    <span title={listed?.description ?? undefined}>
      {provider} {listed?.is_default && <span class="source">default</span>}
    </span>
  )
}

function Age({ timestamp }: { timestamp: string | null }) {
  return <>{timestamp === null ? '–' : `${durationText(now.value - Date.parse(timestamp))} ago`}</>
}

function statusOf(one: ProviderHealth): Status {
  if (isFailing(one)) return ['cross', 'bad', 'failing']
  const listed = providers.value.find(({ provider }) => provider === one.provider)
  if (listed?.can_be_polled === false) return ['ring', 'neutral', 'not polled']
  return one.requests > 0 ? ['full', 'good', 'working'] : ['ring', 'neutral', 'not used yet']
}

function errorNote(one: ProviderHealth): RowNote | undefined {
  const error = isFailing(one) ? one.last_error : null
  if (error === null) return undefined
  return {
    class: 'error',
    text: (
      <>
        {error.detail} <span class="code">{error.code}</span>
      </>
    ),
  }
}
