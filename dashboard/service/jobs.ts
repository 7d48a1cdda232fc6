import { signal } from '@preact/signals'
import type { Accepted, Job, JobOrder, Page } from './answers.ts'
import { ask, query } from './ask.ts'
import { repeat, type Repeated } from './repeat.ts'

export const jobs = signal<readonly Job[]>([])
/** Whether the service has said which jobs there are. */
export const areJobsKnown = signal(false)

const REFRESH_MS = 2_000
const MAX_JOBS = 500

let refreshing: Repeated | undefined

export function keepJobs(): void {
  refreshing = repeat(REFRESH_MS, async () => {
    const { data } = await ask<Page<Job>>(`/prices/poll${query({ limit: MAX_JOBS })}`)
    jobs.value = data.toSorted((a, b) => a.symbol.localeCompare(b.symbol) || a.provider.localeCompare(b.provider))
    areJobsKnown.value = true
  })
}

/** @throws RequestError with the service's words for what is wrong with the order */
export async function startJob(order: JobOrder): Promise<Accepted> {
  return afterwards(ask<Accepted>('/prices/poll', { method: 'POST', body: order }))
}

/** @throws RequestError */
export async function setPaused({ job_id }: Job, paused: boolean): Promise<void> {
  const body = { status: paused ? 'paused' : 'active' }
  await afterwards(ask<Job>(`/prices/poll/${job_id}`, { method: 'PATCH', body }))
}

/** @throws RequestError */
export async function runNow({ job_id }: Job): Promise<void> {
  await afterwards(ask<Job>(`/prices/poll/${job_id}/run`, { method: 'POST' }))
}

/** Its prices stay. @throws RequestError */
export async function deleteJob({ job_id }: Job): Promise<void> {
  await ask<void>(`/prices/poll/${job_id}`, { method: 'DELETE' })
  jobs.value = jobs.value.filter((job) => job.job_id !== job_id)
}

/** What was changed shows at once: the answer already has the job as it is now. */
async function afterwards<T extends Job | Accepted>(answer: Promise<T>): Promise<T> {
  const result = await answer
  const told: readonly Job[] = 'jobs' in result ? result.jobs : [result]
  const changed = new Map(told.map((job) => [job.job_id, job]))
  jobs.value = jobs.value.map((job) => changed.get(job.job_id) ?? job)
  refreshing?.now()
  return result
}
