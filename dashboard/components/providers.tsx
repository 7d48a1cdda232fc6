import type { ProviderHealth } from '../api/schemas.ts'
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
  { title: 'Requests', class: 'wide', cell: (one) => one.requests },
  { title: 'Failed', cell: (one) => one.failures },
]

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
