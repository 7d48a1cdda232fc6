import { useSignal } from '@preact/signals'
import { areJobsKnown, jobs } from '../service/jobs.ts'
import { JobForm } from './job-form.tsx'
import { JobRow } from './job-row.tsx'
import { NotKnown } from './not-known.tsx'

/** The standing orders: what is fetched, how it went, and what can be done about it. */
export function Jobs() {
  const said = useSignal('')
  return (
    <section id="jobs" class="jobs" aria-labelledby="jobs-title" tabIndex={-1}>
      <div class="title">
        <h2 id="jobs-title">Polling jobs</h2>
        <p class="said" role="status">
          {said}
        </p>
      </div>
      <JobForm onSaid={(words) => (said.value = words)} />
      {jobs.value.length > 0 ? (
        <table>
          <thead>
            <tr>
              <th scope="col">Symbol</th>
              <th scope="col">State</th>
              <th scope="col">Every</th>
              <th scope="col">Last run</th>
              <th scope="col">Next run</th>
              <th scope="col">
                <span class="hidden">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {jobs.value.map((job) => (
              <JobRow key={job.job_id} job={job} onSaid={(words) => (said.value = words)} />
            ))}
          </tbody>
        </table>
      ) : (
        <NoJobs />
      )}
    </section>
  )
}

function NoJobs() {
  return areJobsKnown.value ? <p class="empty">No jobs. Start one above.</p> : <NotKnown />
}
