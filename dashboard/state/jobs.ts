import { signal } from '@preact/signals'
import type { Calls } from '../api/calls.ts'
import { request } from '../api/client.ts'
import type { Job } from '../api/schemas.ts'
import { poll, type Poll } from './poll.ts'

/** Undefined until the service has listed them. */
export const jobs = signal<readonly Job[] | undefined>(undefined)
/** The outcome of the last action on a job, for the person who took it. */
export const jobMessage = signal('')

const REFRESH_MS = 2_000
const MAX_JOBS = 500

let polling: Poll | undefined

/** Keeps the list of jobs up to date. */
export function startJobs(): void {
  polling = poll(REFRESH_MS, async () => {
    const { data } = await request('GET /prices/poll', { query: { limit: MAX_JOBS } })
    jobs.value = data.toSorted((a, b) => a.symbol.localeCompare(b.symbol) || a.provider.localeCompare(b.provider))
  })
}

/** The body of a request for a job. */
export type CreateJob = Required<Pick<Calls['POST /prices/poll']['body'], 'symbol' | 'provider' | 'interval_seconds'>>

/** Starts a job, or changes the interval of an existing one. @throws RequestError */
export async function createJob(body: CreateJob): Promise<Job | undefined> {
  const { jobs: changed } = await request('POST /prices/poll', { body })
  show(changed)
  return changed[0]
}

/** @throws RequestError */
export async function setPaused({ job_id }: Job, paused: boolean): Promise<void> {
  const status = paused ? 'paused' : 'active'
  show([await request('PATCH /prices/poll/{job_id}', { path: { job_id }, body: { status } })])
}

/** @throws RequestError */
export async function runNow({ job_id }: Job): Promise<void> {
  show([await request('POST /prices/poll/{job_id}/run', { path: { job_id } })])
}

/** Stored prices remain. @throws RequestError */
export async function deleteJob({ job_id }: Job): Promise<void> {
  await request('DELETE /prices/poll/{job_id}', { path: { job_id } })
  jobs.value = jobs.value?.filter((job) => job.job_id !== job_id)
}

/** Shows changed jobs at once: the response has them as they are now. New ones come with the next list. */
function show(changed: readonly Job[]): void {
  const byId = new Map(changed.map((job) => [job.job_id, job]))
  jobs.value = jobs.value?.map((job) => byId.get(job.job_id) ?? job)
  polling?.now()
}
