import type { Clock } from '../../lib/clock.ts'
import { ServiceError } from '../../errors.ts'
import { MAX_JOBS, type Job, type Jobs } from '../../core/polling/job.ts'
import { millisOf } from '../../lib/instant.ts'
import { canonicalSymbol } from '../../lib/symbol.ts'
import { durationText, roughly } from '../terminal/duration.ts'
import { jobBody } from '../../formats/job.ts'
import { jsonLine } from '../../formats/json-line.ts'
import { alignColumns, linesText, type Output } from '../terminal/output.ts'

export type AddOptions = {
  readonly symbols: readonly string[]
  readonly provider?: string | undefined
  readonly every: number
  readonly json?: boolean | undefined
}

export type ChangeOptions = {
  /** Ids, beginnings of ids, or symbols. */
  readonly names: readonly string[]
  readonly provider?: string | undefined
  readonly json?: boolean | undefined
}

export type JobVerb = 'pause' | 'resume' | 'run' | 'delete'

type Needs = { readonly jobs: Jobs; readonly output: Output; readonly clock: Clock }
/** The provider as it is known to the service, and how often it may be asked. */
type Provider = { readonly name: string; readonly advisedIntervalSeconds: number }

export async function listJobs(needs: Needs, { json }: { readonly json?: boolean | undefined }): Promise<void> {
  const { data } = await needs.jobs.list({ limit: MAX_JOBS })
  await printJobs(needs, data, json)
  if (data.length === 0 && !json)
    needs.output.say('There are no jobs. To make one: market-data jobs add AAPL --every 1m')
}

/** A job for each symbol; one that is there takes the new interval. */
export async function addJobs(needs: Needs, provider: Provider, options: AddOptions): Promise<void> {
  const { symbols, every, json } = options
  const { name, advisedIntervalSeconds } = provider
  await printJobs(needs, await needs.jobs.create({ symbols, provider: name, intervalSeconds: every }), json)
  if (every >= advisedIntervalSeconds) return
  needs.output.say(
    `${name} should not be asked more often than every ${durationText(advisedIntervalSeconds)}; it may refuse.`,
  )
}

/** Does the same to each job that is named; to none where any name is wrong. */
export async function changeJobs(needs: Needs, verb: JobVerb, options: ChangeOptions): Promise<void> {
  const { data } = await needs.jobs.list({ limit: MAX_JOBS })
  const named = new Set(options.names.map((name) => findJob(data, name, options.provider)))
  const changed = await Promise.all([...named].map(async (job) => (await VERBS[verb](needs.jobs, job)) ?? job))
  if (verb !== 'delete') return printJobs(needs, changed, options.json)
  const text = changed.map(({ symbol, provider, jobId }) => `deleted ${symbol} of ${provider} (${jobId})`)
  await needs.output.write(options.json ? jsonLine({ data: changed.map(jobBody) }) : linesText(text))
}

const VERBS: Readonly<Record<JobVerb, (jobs: Jobs, job: Job) => Promise<Job | undefined>>> = {
  pause: (jobs, { jobId }) => jobs.change(jobId, { paused: true }),
  resume: (jobs, { jobId }) => jobs.change(jobId, { paused: false }),
  run: (jobs, { jobId }) => jobs.runNow(jobId),
  delete: async (jobs, job) => ((await jobs.remove(job.jobId)) ? job : undefined),
}

/** What `list` shows of an id; any beginning of at least this length names a job, if it is the only one. */
const ID_SHOWN = 8

/** @throws ServiceError `not_found` where no job, or more than one, has that name */
function findJob(jobs: readonly Job[], name: string, provider: string | undefined): Job {
  const ofProvider = jobs.filter((job) => provider === undefined || job.provider === provider)
  const found = ofProvider.filter(({ jobId, symbol }) => hasName(jobId, name) || symbol === symbolOf(name))
  const [job, ...others] = found
  if (job === undefined) {
    const where = provider === undefined ? '' : ` of ${provider}`
    throw new ServiceError('not_found', `There is no job ${JSON.stringify(name)}${where}; see market-data jobs list.`)
  }
  if (others.length === 0) return job
  const choices = found.map((each) => `${each.jobId.slice(0, ID_SHOWN)} (${each.provider})`).join(', ')
  throw new ServiceError('not_found', `${name} is more than one job: ${choices}. Name its id, or --provider.`)
}

function hasName(jobId: string, name: string): boolean {
  return name.length >= ID_SHOWN && jobId.startsWith(name.toLowerCase())
}

/** An id is longer than a symbol can be. */
function symbolOf(name: string): string | undefined {
  return name.length > 32 ? undefined : canonicalSymbol(name)
}

async function printJobs({ output, clock }: Needs, jobs: readonly Job[], json = false): Promise<void> {
  if (json) return output.write(jsonLine({ data: jobs.map(jobBody) }))
  if (jobs.length === 0) return
  const head = HEAD.map((word) => output.paint('dim', word))
  const rows = jobs.map((job) => rowOf(job, output, clock.now()))
  await output.write(linesText(alignColumns([head, ...rows])))
}

const HEAD = ['JOB', 'SYMBOL', 'PROVIDER', 'EVERY', 'STATUS', 'NEXT', 'LAST']

function rowOf(job: Job, { paint }: Output, now: number): string[] {
  const { jobId, symbol, provider, intervalSeconds, status, nextRunAt, lastRun } = job
  const color = ({ active: 'green', failing: 'red', paused: 'yellow' } as const)[status]
  const waitMs = nextRunAt === null ? undefined : millisOf(nextRunAt) - now
  const next = waitMs === undefined ? '-' : waitMs > 0 ? `in ${roughly(waitMs)}` : 'due'
  const last =
    lastRun &&
    `${roughly(Math.max(0, now - millisOf(lastRun.finishedAt)))} ago: ${lastRun.error?.detail ?? lastRun.outcome}`
  const id = jobId.slice(0, ID_SHOWN)
  return [id, paint('bold', symbol), provider, durationText(intervalSeconds), paint(color, status), next, last ?? '-']
}
