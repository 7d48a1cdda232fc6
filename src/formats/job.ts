import { Type, type Static } from 'typebox'
import type { Job, Run } from '../core/polling/job.ts'
import { id, moment } from './price.ts'

export const RunBody = Type.Object(
  {
    started_at: moment('When the provider was asked.'),
    finished_at: moment('When the answer was stored.'),
    outcome: Type.Enum(['recorded', 'corrected', 'confirmed', 'outdated', 'failed'], {
      description: '`confirmed`: the provider said what we had. `outdated`: it said what was superseded already.',
    }),
    price_id: Type.Optional(id('The price it stated.')),
    error: Type.Optional(Type.Object({ code: Type.String(), detail: Type.String() })),
  },
  { title: 'Run', description: 'One run of a job, once it is over.' },
)

export const JobBody = Type.Object(
  {
    job_id: Type.String({ examples: ['0197f0c2-6a5c-4c11-9d4e-0a3f5b0c6a11'] }),
    symbol: Type.String({ examples: ['AAPL'] }),
    provider: Type.String({ examples: ['simulated'] }),
    interval_seconds: Type.Integer({ examples: [3600] }),
    status: Type.Enum(['active', 'paused', 'failing'], {
      description: '`failing`: the last run failed and is tried again. No failure ends a job.',
    }),
    next_run_at: Type.Union([moment('The next run.'), Type.Null()], { description: 'Null while paused.' }),
    last_run: Type.Union([RunBody, Type.Null()]),
    failures: Type.Integer({ description: 'Failed runs since the last good one.' }),
    created_at: moment('When it was made.'),
  },
  { title: 'Job', description: 'A polling job as it is now.' },
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
