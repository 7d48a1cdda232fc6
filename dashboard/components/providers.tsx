import type { Provider, ProviderHealth } from '../api/schemas.ts'
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
  { title: 'Failed', class: 'requests', cell: (one) => <Failures health={one} /> },
]

/** Those of today, sent by all processes, by cause. */
function Requests({ health: { provider } }: { health: ProviderHealth }) {
  const today = listedAs(provider)?.requests.today
  if (today === undefined) return null
  const { job, question, rate_limited } = today
  return (
    <>
      {countText(job + question)}
      {job + question > 0 && (
        <span class="source">
          {countText(job)} by jobs, {countText(question)} by questions
          {rate_limited > 0 && `, ${countText(rate_limited)} refused (429)`}
        </span>
      )}
    </>
  )
}

/** Counted by one process since it started: not a part of today's. */
function Failures({ health: { failures, requests } }: { health: ProviderHealth }) {
  return (
    <>
      {countText(failures)}
      {requests > 0 && <span class="source">of {countText(requests)} since start</span>}
    </>
  )
}

function Name({ provider }: { provider: string }) {
  const listed = listedAs(provider)
  return (
    <span title={listed?.description ?? undefined}>
      {provider} {listed?.is_default && <span class="source">default</span>}
    </span>
  )
}

function Age({ timestamp }: { timestamp: string | null }) {
  return <>{timestamp === null ? '–' : `${durationText(now.value - Date.parse(timestamp))} ago`}</>
}

/**
 * Requests are observed by one process since it started. Before its first one, or if another process polls, its jobs tell
 * whether a provider works; without a job nobody knows.
 */
function statusOf(one: ProviderHealth): Status {
  if (isFailing(one)) return ['cross', 'bad', 'failing']
  const listed = listedAs(one.provider)
  if (listed === undefined) return ['ring', 'neutral', 'not configured']
  if (!listed.can_be_polled) return ['ring', 'neutral', 'not polled']
  if (one.failures_in_a_row > 0) return ['ring', 'neutral', 'last request failed']
  const isPolled = one.jobs > one.failing_jobs && listed.requests.today.job > 0
  return isPolled || one.last_success_at !== null ? ['full', 'good', 'working'] : ['ring', 'neutral', 'idle']
}

function listedAs(provider: string): Provider | undefined {
  return providers.value.find((one) => one.provider === provider)
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
