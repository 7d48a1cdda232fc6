import { Type } from 'typebox'
import { JobId, JobStatusName, MarketHoursName, UnknownSymbolProblem } from '../../formats/job.ts'
import { PROBLEM_TYPE } from '../../formats/json/problem.ts'
import { ONE_YEAR_SECONDS } from '../../lib/instant.ts'
import { creationKeyOf } from '../../lib/pagination.ts'
import { Paging } from '../server/pagination.ts'
import { problems } from '../server/problem.ts'
import { CLOSED, MAX_SYMBOLS, ProviderName, SymbolText } from '../server/query.ts'
import { cursorOf, oneOf, RULES } from '../server/validation/rules.ts'

const IntervalSeconds = Type.Integer({ minimum: 1, maximum: ONE_YEAR_SECONDS, examples: [3600] })

/** The body of a request for jobs. */
export const CreateJobsRequest = Type.Object(
  {
    symbol: Type.Optional(SymbolText),
    symbols: Type.Optional(
      Type.Array(SymbolText, { minItems: 1, maxItems: MAX_SYMBOLS, examples: [['AAPL', 'MSFT']] }),
    ),
    interval_minutes: Type.Optional(
      Type.Number({
        minimum: 0.0166,
        maximum: ONE_YEAR_SECONDS / 60,
        description: 'Rounded to the second; at least 1 second (0.0167).',
        'x-expects': 'at least 1 second (0.0167) and at most a year (525600)',
        examples: [60],
      }),
    ),
    interval_seconds: Type.Optional(IntervalSeconds),
    provider: Type.Optional(ProviderName),
    market_hours: Type.Optional(MarketHoursName),
  },
  {
    ...CLOSED,
    [RULES]: [oneOf('symbol', 'symbols'), oneOf('interval_minutes', 'interval_seconds')],
    examples: [{ symbol: 'ETH-USD', interval_minutes: 60, provider: 'simulated' }],
  },
)

/** The body of a change to a job. */
export const ChangeJobRequest = Type.Object(
  {
    status: Type.Optional(Type.Enum(['active', 'paused'], { description: 'A resumed job is due at once.' })),
    interval_seconds: Type.Optional(IntervalSeconds),
    market_hours: Type.Optional(MarketHoursName),
  },
  { ...CLOSED, minProperties: 1, examples: [{ status: 'paused' }] },
)

/** The path of one job. */
export const JobPath = Type.Object({ job_id: JobId })

/** The query of the list of jobs. */
export const JobListQuery = Type.Object(
  {
    ...Paging,
    q: Type.Optional(
      Type.String({ minLength: 1, maxLength: 40, description: 'Part of the symbol, in any case.', examples: ['AAP'] }),
    ),
    provider: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 40,
        description: 'A name or alias from /providers.',
        examples: ['simulated'],
      }),
    ),
    status: Type.Optional(JobStatusName),
  },
  { ...CLOSED, [RULES]: [cursorOf(creationKeyOf)] },
)

/** The errors of a request for jobs; the one for a symbol that is not known has suggestions. */
export const CREATE_PROBLEMS = withSuggestions(
  problems('unknown_provider', 'symbol_not_found', 'symbol_delisted', 'payload_too_large', 'unsupported_media_type'),
)

function withSuggestions(answers: ReturnType<typeof problems>) {
  const { 404: unknown, ...others } = answers
  if (unknown === undefined) return answers
  const { examples } = unknown.content[PROBLEM_TYPE]
  return { ...others, 404: { ...unknown, content: { [PROBLEM_TYPE]: { schema: UnknownSymbolProblem, examples } } } }
}
