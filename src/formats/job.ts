import { Type, type Static } from 'typebox'
import type { SymbolMatch } from '../core/prices/quote.ts'
import type { AcceptedJobs as Accepted } from '../core/polling/accept-jobs.ts'
import type { RefusedSymbol } from '../core/polling/check-symbols.ts'
import type { Job, Run } from '../core/polling/job.ts'
import { MARKET_HOURS } from '../core/polling/market-hours.ts'
import { id, orNull, timestamp } from './json/fields.ts'
import { Problem } from './json/problem.ts'

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

export const JobStatusName = Type.Enum(['active', 'paused', 'failing'], {
  description:
    '`failing`: the last run failed and will be retried. Only a symbol that is refused for a day pauses its job.',
})

export const MarketHoursName = Type.Enum([...MARKET_HOURS], {
  description:
    'When it runs: in the regular hours of the exchange, also before and after them, or at any time. After each close it runs once more.',
  examples: ['always'],
})

export const JobBody = Type.Object(
  {
    job_id: JobId,
    symbol: Type.String({ examples: ['AAPL'] }),
    provider: Type.String({ examples: ['simulated'] }),
    interval_seconds: Type.Integer({ examples: [3600] }),
    market_hours: MarketHoursName,
    status: JobStatusName,
    paused_reason: orNull(Type.String(), {
      description: 'Why the service paused it; null if a user did, or it is not paused.',
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
    market_hours: job.marketHours,
    status: job.status,
    paused_reason: job.pausedReason,
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

const Suggestion = Type.Object({
  symbol: Type.String({ examples: ['AAPL'] }),
  name: orNull(Type.String({ examples: ['Apple Inc.'] })),
  exchange: orNull(Type.String()),
  type: orNull(Type.String({ examples: ['equity'] })),
})

const Suggestions = Type.Array(Suggestion, { description: 'What a search of the provider for that text finds.' })

const Refused = Type.Object(
  { symbol: Type.String(), code: Type.String(), detail: Type.String(), suggestions: Suggestions },
  { title: 'RefusedSymbol' },
)

const Rest = {
  status: Type.Literal('accepted'),
  config: Type.Object({ symbols: Type.Array(Type.String()), interval: Type.Integer({ description: 'Seconds.' }) }),
  jobs: Type.Array(JobBody),
  warning: Type.Optional(Type.String()),
  replaced: Type.Optional(
    Type.Array(Type.String(), {
      description: 'Symbols whose job existed with another interval or other market hours.',
    }),
  ),
  errors: Type.Optional(
    Type.Array(Refused, { description: 'Symbols that the provider does not know; they have no job.' }),
  ),
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

/** The result of a request for jobs, at least one of which was accepted. */
export function acceptedJobsBody(
  { jobs, replaced, refused, warnings }: Accepted,
  intervalSeconds: number,
): Static<typeof AcceptedJobs> {
  const symbols = jobs.map((job) => job.symbol)
  const ids = jobs.map((job) => job.jobId)
  const [only] = ids
  return {
    message: `Polling job scheduled for symbol${jobs.length > 1 ? 's' : ''}: ${symbols.join(', ')}`,
    ...(jobs.length === 1 && only !== undefined ? { job_id: only } : { job_ids: ids }),
    status: 'accepted',
    config: { symbols, interval: intervalSeconds },
    jobs: jobs.map(jobBody),
    ...(warnings.length > 0 && { warning: warnings.join(' ') }),
    ...(replaced.length > 0 && { replaced: [...replaced] }),
    ...(refused.length > 0 && { errors: refused.map(refusedBody) }),
  }
}

/** The problem if no symbol is known. */
export const UnknownSymbolProblem = Type.Object(
  {
    ...Problem.properties,
    suggestions: Type.Optional(Suggestions),
    errors: Type.Optional(Type.Array(Type.Object({ pointer: Type.String(), ...Refused.properties }))),
  },
  { title: 'UnknownSymbolProblem' },
)

/** What the problem gains: the suggestions of all symbols, and each symbol with its own. */
export function unknownSymbolsBody(refused: readonly RefusedSymbol[], isList: boolean) {
  const suggestions = refused.flatMap((one) => one.suggestions.map(suggestionBody))
  if (!isList) return { suggestions }
  return { suggestions, errors: refused.map((one, index) => ({ pointer: `/symbols/${index}`, ...refusedBody(one) })) }
}

function refusedBody({ symbol, error, suggestions }: RefusedSymbol): Static<typeof Refused> {
  return { symbol, code: error.code, detail: error.message, suggestions: suggestions.map(suggestionBody) }
}

function suggestionBody({ symbol, name, exchange, kind }: SymbolMatch): Static<typeof Suggestion> {
  return { symbol, name, exchange, type: kind }
}
