import { Type, type Static } from 'typebox'
import type { RequestSummary } from '../core/health/provider-requests.ts'
import type { QuoteProvider, RegisteredProvider } from '../core/prices/quote.ts'
import { orNull, timestamp } from './json/fields.ts'

export const ProviderState = Type.Enum(['ok', 'failing'], {
  description:
    '`failing`: active jobs depend on it and its last request, or each job, failed; or a request failed in the last 10 minutes.',
})

const COUNTS = {
  question: Type.Integer({ description: 'Requests that were caused by callers.' }),
  job: Type.Integer({ description: 'Requests that were caused by polling jobs.' }),
  rate_limited: Type.Integer({ description: 'Of these, answered with status 429.' }),
}

const Requests = Type.Object(
  {
    today: Type.Object(COUNTS, { description: 'Since midnight, UTC.' }),
    hours: Type.Array(Type.Object({ hour: timestamp('Start of the hour.'), ...COUNTS }), {
      maxItems: 24,
      description: 'The last 24 hours, oldest first. Hours without a request are left out.',
    }),
  },
  { description: 'Requests that were sent to it, by all processes.' },
)

export const ProviderBody = Type.Object(
  {
    provider: Type.String({ examples: ['yfinance'] }),
    description: orNull(Type.String()),
    is_default: Type.Boolean(),
    status: orNull(ProviderState, { description: 'Null if it cannot be polled.' }),
    can_be_polled: Type.Boolean({ description: 'False for prices that were imported from files.' }),
    can_search: Type.Boolean({ description: 'Whether /symbols searches it.' }),
    capabilities: Type.Object(
      { quotes: Type.Boolean(), bars: Type.Boolean(), stream: Type.Boolean(), search: Type.Boolean() },
      { description: 'What the provider offers: current prices, past intervals, pushed prices, symbols by name.' },
    ),
    max_batch: Type.Integer({ description: 'Maximum number of symbols in one request to it.', examples: [50] }),
    advised_interval_seconds: Type.Number({
      description: 'Polling more often than this is not advised.',
      examples: [15],
    }),
    parser_version: Type.Integer({ description: 'Version of the parser that reads its responses.' }),
    requests: Requests,
  },
  { title: 'Provider' },
)

type Use = {
  readonly isDefault: boolean
  readonly isFailing: boolean
  readonly requests: RequestSummary
}

const NONE = { quotes: false, bars: false, stream: false, search: false }

export function providerBody(
  provider: QuoteProvider & Partial<Pick<RegisteredProvider, 'capabilities'>>,
  { isDefault, isFailing, requests }: Use,
): Static<typeof ProviderBody> {
  const canBePolled = provider.canBePolled !== false
  return {
    provider: provider.name,
    description: provider.description ?? null,
    is_default: isDefault,
    status: canBePolled ? (isFailing ? 'failing' : 'ok') : null,
    can_be_polled: canBePolled,
    can_search: provider.searchSymbols !== undefined,
    capabilities: provider.capabilities ?? NONE,
    max_batch: provider.maxBatch,
    advised_interval_seconds: provider.advisedIntervalSeconds,
    parser_version: provider.parserVersion,
    requests: requestsBody(requests),
  }
}

function requestsBody({ today, hours }: RequestSummary): Static<typeof Requests> {
  return {
    today: { question: today.question, job: today.job, rate_limited: today.rateLimited },
    hours: hours.map(({ hour, question, job, rateLimited }) => ({ hour, question, job, rate_limited: rateLimited })),
  }
}
