import { Type, type Static } from 'typebox'
import type { Job, Jobs } from '../../core/polling/job.ts'
import type { QuoteProvider } from '../../core/prices/quote.ts'
import { canonicalSymbol } from '../../lib/symbol.ts'
import type { App } from '../server/app.ts'
import { JobBody, jobBody } from '../../formats/job.ts'
import { problems } from '../server/problem.ts'
import type { ProviderNeeds } from '../prices/providers.ts'
import { assertOneOf, CLOSED, MAX_SYMBOLS, NoQuery, ProviderName, SymbolText } from '../server/query.ts'

export type PollNeeds = ProviderNeeds & { readonly jobs: Jobs }

const ONE_YEAR_SECONDS = 31_536_000
export const IntervalSeconds = Type.Integer({ minimum: 1, maximum: ONE_YEAR_SECONDS, examples: [3600] })

const Order = Type.Object(
  {
    symbol: Type.Optional(SymbolText),
    symbols: Type.Optional(
      Type.Array(SymbolText, { minItems: 1, maxItems: MAX_SYMBOLS, examples: [['AAPL', 'MSFT']] }),
    ),
    interval_minutes: Type.Optional(
      Type.Number({ minimum: 0.02, maximum: ONE_YEAR_SECONDS / 60, description: 'To the second.', examples: [60] }),
    ),
    interval_seconds: Type.Optional(IntervalSeconds),
    provider: Type.Optional(ProviderName),
  },
  { ...CLOSED, examples: [{ symbol: 'ETH-USD', interval_minutes: 60, provider: 'simulated' }] },
)

const Message = Type.String({ examples: ['Polling job scheduled for symbol: AAPL'] })
const Rest = {
  status: Type.Literal('accepted'),
  config: Type.Object({ symbols: Type.Array(Type.String()), interval: Type.Integer({ description: 'Seconds.' }) }),
  jobs: Type.Array(JobBody),
  warning: Type.Optional(Type.String()),
}
/** Two shapes, since a serializer writes what may be absent last, and the id comes second. */
const Accepted = Type.Union(
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

/** Makes polling jobs; what can be done with one is in `jobs.ts`. */
export function pollRoutes(app: App, { jobs, sources, defaultProvider }: PollNeeds): void {
  app.post(
    '/prices/poll',
    {
      schema: {
        operationId: 'createPollingJob',
        tags: ['Polling'],
        summary: 'Fetch a symbol, or several, every so often',
        description: `Give \`symbol\` or \`symbols\`, and \`interval_minutes\` or \`interval_seconds\`. There is one job for each
symbol and provider: asking again replaces its interval. It runs at once and then every interval.`,
        querystring: NoQuery,
        body: Order,
        response: { 202: Accepted, ...problems('unknown_provider', 'payload_too_large', 'unsupported_media_type') },
      },
    },
    async ({ body }, reply) => {
      const symbols = orderedSymbols(body)
      const intervalSeconds = orderedInterval(body)
      const source = sources.get(body.provider ?? defaultProvider)
      const made = await jobs.create({ symbols, provider: source.name, intervalSeconds })
      return reply.code(202).send({ ...acceptedBody(made, intervalSeconds), ...warningOf(source, intervalSeconds) })
    },
  )
}

function orderedSymbols(order: Static<typeof Order>): string[] {
  assertOneOf(order, 'symbol', 'symbols')
  const { symbol, symbols } = order
  return [...new Set((symbols ?? [symbol ?? '']).map(canonicalSymbol))]
}

function orderedInterval(order: Static<typeof Order>): number {
  assertOneOf(order, 'interval_minutes', 'interval_seconds')
  const { interval_minutes, interval_seconds } = order
  return interval_seconds ?? Math.round((interval_minutes ?? 0) * 60)
}

function acceptedBody(made: readonly Job[], interval: number): Static<typeof Accepted> {
  const symbols = made.map((job) => job.symbol)
  const ids = made.map((job) => job.jobId)
  const [only] = ids
  return {
    message: `Polling job scheduled for symbol${made.length > 1 ? 's' : ''}: ${symbols.join(', ')}`,
    ...(made.length === 1 && only !== undefined ? { job_id: only } : { job_ids: ids }),
    status: 'accepted',
    config: { symbols, interval },
    jobs: made.map(jobBody),
  }
}

function warningOf({ name, advisedIntervalSeconds }: QuoteProvider, intervalSeconds: number): { warning?: string } {
  if (intervalSeconds >= advisedIntervalSeconds) return {}
  return { warning: `${name} should not be asked more often than every ${advisedIntervalSeconds} s; it may refuse.` }
}
