import { computed, signal } from '@preact/signals'
import type { Calls } from '../api/calls.ts'
import { request } from '../api/client.ts'
import type { AcceptedJob, Job, Run } from '../api/schemas.ts'
import { createJobList } from './job-list.ts'
import { poll, type Poll } from './poll.ts'

export const MARKET_HOURS = ['always', 'regular', 'extended'] as const
/** When a job runs: at any time, or only while the market of its symbol is open. */
export type MarketHours = (typeof MARKET_HOURS)[number]

/** What the jobs are filtered by; empty members match every job. */
export type JobFilter = { readonly q: string; readonly status: '' | Job['status'] }

/** All that have been listed, by symbol; undefined until the service has listed them. */
export const jobs = signal<readonly Job[] | undefined>(undefined)
/** Whether the service has more jobs than are listed; a filter then finds the others. */
export const hasMoreJobs = signal(false)
export const jobFilter = signal<JobFilter>({ q: '', status: '' })
/** Those that match the filter. */
export const shownJobs = computed(() => jobs.value?.filter((job) => matches(job, jobFilter.value)))
/** The outcome of the last action on a job, for the person who took it. */
export const jobMessage = signal('')

const REFRESH_MS = 2_000

const list = createJobList()
let polling: Poll | undefined

/** Keeps the list of jobs up to date. */
export function startJobs(): void {
  polling = poll(REFRESH_MS, async () => {
    await list.refresh(jobFilter.peek())
    show([])
  })
}

/** Filters the jobs at once, and by the service as soon as it has answered. */
export function filterJobs(change: Partial<JobFilter>): void {
  jobFilter.value = { ...jobFilter.value, ...change }
  polling?.now()
}

/** The body of a request for a job. */
export type CreateJob = Required<Pick<Calls['POST /prices/poll']['body'], 'symbol' | 'provider' | 'interval_seconds'>>
/** The body of a request for jobs of one or more symbols. */
export type CreateJobs = Omit<CreateJob, 'symbol'> & {
  readonly symbols: readonly string[]
  readonly market_hours?: MarketHours
}

export type CreatedJobs = Pick<AcceptedJob, 'jobs' | 'warning' | 'replaced' | 'errors'>

/** Starts jobs, or changes the settings of existing ones. @throws RequestError */
export async function createJobs({ symbols, ...rest }: CreateJobs): Promise<CreatedJobs> {
  const [first] = symbols
  const body = symbols.length === 1 && first !== undefined ? { symbol: first, ...rest } : { symbols, ...rest }
  const created = await request('POST /prices/poll', { body })
  changed(created.jobs)
  return created
}

/** Starts one job, or changes its interval. @throws RequestError */
export async function createJob({ symbol, ...rest }: CreateJob): Promise<Job | undefined> {
  return (await createJobs({ symbols: [symbol], ...rest })).jobs[0]
}

/** @throws RequestError */
export async function setPaused({ job_id }: Job, paused: boolean): Promise<void> {
  await patch(job_id, { status: paused ? 'paused' : 'active' })
}

/** The settings of a job that can be changed. */
export type JobSettings = { readonly interval_seconds: number; readonly market_hours: MarketHours }

/** @throws RequestError */
export async function changeSettings({ job_id }: Job, settings: JobSettings): Promise<void> {
  await patch(job_id, settings)
}

async function patch(job_id: string, body: Calls['PATCH /prices/poll/{job_id}']['body']): Promise<void> {
  changed([await request('PATCH /prices/poll/{job_id}', { path: { job_id }, body })])
}

/** @throws RequestError */
export async function runNow({ job_id }: Job): Promise<void> {
  changed([await request('POST /prices/poll/{job_id}/run', { path: { job_id } })])
}

/** Stored prices remain. @throws RequestError */
export async function deleteJob({ job_id }: Job): Promise<void> {
  await request('DELETE /prices/poll/{job_id}', { path: { job_id } })
  list.remove(job_id)
  show([])
}

const RUNS_SHOWN = 20

/** The last runs of a job, newest first. @throws RequestError */
export async function readRuns({ job_id }: Job, stop: AbortSignal): Promise<readonly Run[]> {
  const query = { limit: RUNS_SHOWN }
  return (await request('GET /prices/poll/{job_id}/runs', { path: { job_id }, query, signal: stop })).data
}

/** Shows changed jobs at once: the response has them as they are now. */
function changed(answered: readonly Job[]): void {
  show(answered)
  polling?.now()
}

function show(answered: readonly Job[]): void {
  list.put(answered)
  jobs.value = list.jobs()
  hasMoreJobs.value = list.hasMore()
}

/** As the service matches: part of the symbol, in either case. */
function matches({ symbol, provider, status }: Job, filter: JobFilter): boolean {
  const text = filter.q.trim().toUpperCase()
  if (filter.status !== '' && filter.status !== status) return false
  return text === '' || `${symbol} ${provider}`.toUpperCase().includes(text)
}
