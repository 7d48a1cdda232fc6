import { Type, type Static } from 'typebox'
import type { Job, Run } from '../core/polling/job.ts'
import { id, orNull, timestamp } from './json/fields.ts'

export const JobId = Type.String({ examples: ['0197f0c2-6a5c-4c11-9d4e-0a3f5b0c6a11'] })

export const RunBody = Type.Object(
  {
    started_at: timestamp('When the request to the provider started.'),
    finished_at: timestamp('When the result was stored.'),
    outcome: Type.Enum(['recorded', 'corrected', 'confirmed', 'outdated', 'failed'], {
      description:
        '`confirmed`: the provider returned the stored price. `outdated`: it returned a price that had been superseded.',
    }),
    price_id: Type.Optional(id('The price that the provider returned.')),
    error: Type.Optional(Type.Object({ code: Type.String(), detail: Type.String() })),
  },
  { title: 'Run', description: 'A finished run of a job.' },
)

export const JobBody = Type.Object(
  {
    job_id: JobId,
    symbol: Type.String({ examples: ['AAPL'] }),
    provider: Type.String({ examples: ['simulated'] }),
    interval_seconds: Type.Integer({ examples: [3600] }),
    status: Type.Enum(['active', 'paused', 'failing'], {
      description: '`failing`: the last run failed and will be retried. A failure never ends a job.',
    }),
    next_run_at: orNull(timestamp('The next run.'), { description: 'Null while paused.' }),
    last_run: orNull(RunBody),
    failures: Type.Integer({ description: 'Failed runs since the last successful one.' }),
    created_at: timestamp('When it was created.'),
  },
  { title: 'Job', description: 'The current state of a polling job.' },
)

export function jobBody(job: Job): Static<typeof JobBody> {
  return {
    job_id: job.jobId,
    symbol: job.symbol,
    provider: job.provider,
    interval_seconds: job.intervalSeconds,
    status: job.status,
    next_run_at: job.nextRunAt,
    last_run: job.lastRun && runBody(job.lastRun),
    failures: job.failures,
    created_at: job.createdAt,
  }
}

export function runBody(run: Run): Static<typeof RunBody> {
  return {
    started_at: run.startedAt,
    finished_at: run.finishedAt,
    outcome: run.outcome,
    ...(run.priceId !== null && { price_id: run.priceId }),
    ...(run.error && { error: { code: run.error.code, detail: run.error.detail } }),
  }
}

const Rest = {
  status: Type.Literal('accepted'),
  config: Type.Object({ symbols: Type.Array(Type.String()), interval: Type.Integer({ description: 'Seconds.' }) }),
  jobs: Type.Array(JobBody),
  warning: Type.Optional(Type.String()),
}
const Message = Type.String({ examples: ['Polling job scheduled for symbol: AAPL'] })

/** Two shapes, since a serializer writes optional members last, and the id comes second. */
export const AcceptedJobs = Type.Union(
  [
    Type.Object({ message: Message, job_id: Type.String(), ...Rest }, { title: 'AcceptedJob' }),
    Type.Object(
      {
        message: Message,
        job_ids: Type.Array(Type.String(), { description: 'In the order of the symbols.' }),
        ...Rest,
      },
      { title: 'AcceptedJobs' },
    ),
  ],
  { description: 'The jobs, active and due at once.' },
)

type Accepted = {
  readonly jobs: readonly Job[]
  readonly intervalSeconds: number
  readonly warning?: string | undefined
}

export function acceptedJobsBody({ jobs, intervalSeconds, warning }: Accepted): Static<typeof AcceptedJobs> {
  const symbols = jobs.map((job) => job.symbol)
  const ids = jobs.map((job) => job.jobId)
  const [only] = ids
  return {
    message: `Polling job scheduled for symbol${jobs.length > 1 ? 's' : ''}: ${symbols.join(', ')}`,
    ...(jobs.length === 1 && only !== undefined ? { job_id: only } : { job_ids: ids }),
    status: 'accepted',
    config: { symbols, interval: intervalSeconds },
    jobs: jobs.map(jobBody),
    ...(warning !== undefined && { warning }),
  }
}
