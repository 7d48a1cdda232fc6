import type { Job } from '../../api/schemas.ts'
import { countText } from '../../format/count.ts'
import { filterJobs, hasMoreJobs, jobFilter, jobMessage, jobs, shownJobs } from '../../state/jobs.ts'
import { mayWrite } from '../../state/session.ts'
import { NotLoaded } from '../not-loaded.tsx'
import { Table } from '../table.tsx'
import { COLUMNS, noteOf } from './columns.tsx'
import { JobForm } from './job-form.tsx'

/** With this many jobs, typing is a faster way to one than scrolling. */
const FILTER_FROM = 12

/** The polling jobs: what is fetched, how the last run went, and what can be done with each job. */
export function Jobs() {
  const isFilterable = (jobs.value?.length ?? 0) >= FILTER_FROM
  return (
    <section id="jobs" class="jobs" aria-labelledby="jobs-title" tabIndex={-1}>
      <div class="title">
        <h2 id="jobs-title">Polling jobs</h2>
        <p class="message" role="status">
          {jobMessage}
        </p>
        {isFilterable && <Filter />}
      </div>
      {mayWrite.value && <JobForm />}
      <JobTable />
    </section>
  )
}

const STATES: readonly (readonly [Job['status'] | '', string])[] = [
  ['', 'Any state'],
  ['active', 'active'],
  ['paused', 'paused'],
  ['failing', 'failing'],
]

function Filter() {
  return (
    <div class="filter">
      <input
        type="search"
        aria-label="Filter the jobs"
        placeholder={`Filter ${countText(jobs.value?.length ?? 0, 'job')}`}
        value={jobFilter.value.q}
        onInput={({ currentTarget }) => filterJobs({ q: currentTarget.value })}
      />
      <select
        aria-label="State of the jobs"
        value={jobFilter.value.status}
        onChange={({ currentTarget }) => filterJobs({ status: stateOf(currentTarget.value) })}
      >
        {STATES.map(([state, text]) => (
          <option key={state} value={state}>
            {text}
          </option>
        ))}
      </select>
    </div>
  )
}

function stateOf(value: string): Job['status'] | '' {
  return STATES.find(([state]) => state === value)?.[0] ?? ''
}

function JobTable() {
  const shown = shownJobs.value
  if (jobs.value === undefined || shown === undefined) return <NotLoaded />
  if (jobs.value.length === 0) return <p class="empty">{mayWrite.value ? 'No jobs. Start one above.' : 'No jobs.'}</p>
  return (
    <>
      <FilterResult shown={shown.length} total={jobs.value.length} />
      {shown.length > 0 && (
        <div class="scroll" role="group" aria-label="List of jobs" tabIndex={0}>
          <Table columns={COLUMNS} items={shown} keyOf={({ job_id }) => job_id} noteOf={noteOf} />
        </div>
      )}
    </>
  )
}

/** What the filter leaves, and what is not listed. */
function FilterResult({ shown, total }: { shown: number; total: number }) {
  const isFiltered = jobFilter.value.q !== '' || jobFilter.value.status !== ''
  if (!isFiltered && !hasMoreJobs.value) return null
  return (
    <p class="result" role="status">
      {isFiltered && `${countText(shown)} of ${countText(total, 'job')}. `}
      {hasMoreJobs.value && `The service has more than these ${countText(total)}; the filter finds the others.`}
    </p>
  )
}
