import type { Job } from '../../api/schemas.ts'
import { durationText, intervalText } from '../../format/time.ts'
import { now } from '../../state/clock.ts'
import { jobMessage, jobs } from '../../state/jobs.ts'
import { NotLoaded } from '../not-loaded.tsx'
import { StatusLabel, type IconShape, type IconTone } from '../status-icon.tsx'
import { Table, type Column, type RowNote } from '../table.tsx'
import { JobActions } from './job-actions.tsx'
import { JobForm } from './job-form.tsx'

/** The polling jobs: what is fetched, how the last run went, and what can be done with each job. */
export function Jobs() {
  return (
    <section id="jobs" class="jobs" aria-labelledby="jobs-title" tabIndex={-1}>
      <div class="title">
        <h2 id="jobs-title">Polling jobs</h2>
        <p class="message" role="status">
          {jobMessage}
        </p>
      </div>
      <JobForm />
      <JobTable />
    </section>
  )
}

function JobTable() {
  if (jobs.value === undefined) return <NotLoaded />
  if (jobs.value.length === 0) return <p class="empty">No jobs. Start one above.</p>
  return <Table columns={COLUMNS} items={jobs.value} keyOf={({ job_id }) => job_id} noteOf={errorNote} />
}

const ICONS: Readonly<Record<Job['status'], readonly [IconShape, IconTone]>> = {
  active: ['full', 'good'],
  paused: ['bars', 'neutral'],
  failing: ['cross', 'bad'],
}

const COLUMNS: readonly Column<Job>[] = [
  {
    title: 'Symbol',
    cell: ({ symbol, provider }) => (
      <>
        {symbol} <span class="source">{provider}</span>
      </>
    ),
  },
  { title: 'State', class: 'state', cell: ({ status }) => <StatusLabel status={[...ICONS[status], status]} /> },
  { title: 'Every', class: 'every', cell: ({ interval_seconds }) => intervalText(interval_seconds) },
  { title: 'Last run', class: 'last-run', cell: (job) => <LastRun job={job} /> },
  { title: 'Next run', class: 'next-run', cell: (job) => <NextRun job={job} /> },
  { title: <span class="hidden">Actions</span>, class: 'actions', cell: (job) => <JobActions job={job} /> },
]

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

function errorNote({ last_run, failures }: Job): RowNote | undefined {
  const error = last_run?.error
  if (error === undefined) return undefined
  return {
    class: 'error',
    text: (
      <>
        {error.detail} <span class="code">{error.code}</span>
        {failures > 1 && ` ${failures} failed runs in a row`}
      </>
    ),
  }
}
