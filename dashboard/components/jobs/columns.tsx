import { countText } from '../../format/count.ts'
import { durationText, intervalText } from '../../format/time.ts'
import { now } from '../../state/clock.ts'
import type { Job } from '../../api/schemas.ts'
import { StatusLabel, type IconShape, type IconTone } from '../status-icon.tsx'
import type { Column, RowNote } from '../table.tsx'
import { JobActions, openJob } from './job-actions.tsx'
import { JobEditor } from './job-editor.tsx'
import { JobRuns } from './job-runs.tsx'

const ICONS: Readonly<Record<Job['status'], readonly [IconShape, IconTone]>> = {
  active: ['full', 'good'],
  paused: ['bars', 'neutral'],
  failing: ['cross', 'bad'],
}

/** The columns of the jobs. */
export const COLUMNS: readonly Column<Job>[] = [
  {
    title: 'Symbol',
    cell: ({ symbol, provider }) => (
      <>
        <span class="symbol">{symbol}</span> <span class="source">{provider}</span>
      </>
    ),
  },
  { title: 'State', class: 'state', cell: ({ status }) => <StatusLabel status={[...ICONS[status], status]} /> },
  { title: 'Every', class: 'every', cell: (job) => <Every job={job} /> },
  { title: 'Last run', class: 'last-run', cell: (job) => <LastRun job={job} /> },
  { title: 'Next run', class: 'next-run', cell: (job) => <NextRun job={job} /> },
  { title: <span class="hidden">Actions</span>, class: 'actions', cell: (job) => <JobActions job={job} /> },
]

function Every({ job: { interval_seconds, market_hours } }: { job: Job }) {
  return (
    <>
      {intervalText(interval_seconds)} {market_hours !== 'always' && <span class="source">{market_hours} hours</span>}
    </>
  )
}

function LastRun({ job: { last_run } }: { job: Job }) {
  if (last_run === null) return <>never</>
  return (
    <>
      {last_run.outcome} {durationText(now.value - Date.parse(last_run.finished_at))} ago
    </>
  )
}

function NextRun({ job: { next_run_at } }: { job: Job }) {
  if (next_run_at === null) return <>–</>
  const left = Date.parse(next_run_at) - now.value
  return <>{left > 0 ? `in ${durationText(left + 999)}` : 'now'}</>
}

/** What a person opened below the job; else why it fails or was paused. */
export function noteOf(job: Job): RowNote | undefined {
  const { id, part } = openJob.value ?? {}
  if (id === job.job_id) {
    return {
      class: 'remark',
      text: part === 'runs' ? <JobRuns key={id} job={job} /> : <JobEditor key={id} job={job} />,
    }
  }
  if (job.status === 'paused' && job.paused_reason) {
    return { class: 'error', text: `Paused by the service: ${job.paused_reason}` }
  }
  return errorNote(job)
}

function errorNote({ last_run, failures }: Job): RowNote | undefined {
  const error = last_run?.error
  if (error === undefined) return undefined
  return {
    class: 'error',
    text: (
      <>
        {error.detail} <span class="code">{error.code}</span>
        {failures > 1 && ` ${countText(failures)} failed runs in a row`}
      </>
    ),
  }
}
