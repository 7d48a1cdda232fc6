import { Type, type Static } from 'typebox'
import type { Clock } from '../../lib/clock.ts'
import { ServiceError } from '../../errors.ts'
import { ONE_YEAR_SECONDS } from '../../lib/instant.ts'
import type { Latest, LatestResult } from '../../core/ingest/read-through.ts'
import type { StoredPrice } from '../../core/prices/quote.ts'
import { sendProblem } from '../server/error-handler.ts'
import type { App } from '../server/app.ts'
import { Price, priceBody } from '../../formats/price.ts'
import { PROBLEM_TYPE, Problem, problemOf, problems, statusOf } from '../server/problem.ts'
import { assertOneOf, CLOSED, Currency, ProviderName, SymbolList, symbolsOf, SymbolText } from '../server/query.ts'
import type { ProviderNeeds } from './providers.ts'

export type LatestNeeds = ProviderNeeds & { readonly latest: Latest; readonly clock: Clock }

const DEFAULT_MAX_AGE_SECONDS = 60

const LatestQuery = Type.Object(
  {
    symbol: Type.Optional(SymbolText),
    symbols: Type.Optional(SymbolList),
    provider: Type.Optional(ProviderName),
    currency: Type.Optional(Currency),
    max_age: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: ONE_YEAR_SECONDS,
        default: DEFAULT_MAX_AGE_SECONDS,
        description: 'A price confirmed within so many seconds is answered from the store; 0 always asks the provider.',
        examples: [60],
      }),
    ),
    stale_if_error: Type.Optional(
      Type.Boolean({ default: false, description: 'When the provider fails, answer 200 with the last known price.' }),
    ),
  },
  CLOSED,
)

const LastKnown = { last_known: Type.Optional(Price) }
const PriceProblem = Type.Object({ ...Problem.properties, ...LastKnown }, { title: 'PriceProblem' })
const Unpriced = Type.Object({ symbol: Type.String(), error: PriceProblem }, { title: 'Unpriced' })
const Prices = Type.Object({ data: Type.Array(Type.Union([Price, Unpriced])) }, { title: 'Prices' })

/** One price leaves as text already. */
const PriceOrPrices = Type.Unsafe<string | Static<typeof Prices>>(
  Type.Union([Price, Prices], { description: 'One price, or a list.' }),
)

export function latestRoutes(app: App, { latest, sources, defaultProvider, clock }: LatestNeeds): void {
  const textOf = createPriceText()
  app.get(
    '/prices/latest',
    {
      schema: {
        operationId: 'getLatestPrice',
        tags: ['Prices'],
        summary: 'The newest price of a symbol, or of several',
        description: `Give \`symbol\` for one price, \`symbols\` for a list with one entry each. The provider is asked where our
price was not confirmed within \`max_age\` seconds, once for all who wait. Where it fails, the problem carries what we had as
\`last_known\`.`,
        querystring: LatestQuery,
        response: { 200: PriceOrPrices, ...LATEST_PROBLEMS },
      },
    },
    async ({ query, id }, reply) => {
      assertOneOf(query, 'symbol', 'symbols')
      const one = query.symbol !== undefined
      const results = await latest({
        provider: sources.get(query.provider ?? defaultProvider).name,
        symbols: symbolsOf(query.symbol ?? query.symbols ?? ''),
        currency: query.currency,
        maxAgeSeconds: query.max_age ?? DEFAULT_MAX_AGE_SECONDS,
      })
      const answers = results.map((result) => (query.stale_if_error ? orLastKnown(result) : result))
      const [first] = answers
      if (!one) return { data: answers.map((answer) => entryOf(answer, clock.now(), id)) }
      if (first && 'price' in first) return reply.type(JSON_TYPE).send(textOf(first.price, clock.now()))
      const { error, lastKnown } = first ?? { error: new ServiceError('internal', 'No result.') }
      return sendProblem(reply, error, lastKnownOf(error, lastKnown, clock.now()))
    },
  )
}

const JSON_TYPE = 'application/json; charset=utf-8'

/** A hot symbol is answered many times in one millisecond, each time in the same words. */
function createPriceText() {
  const written = new WeakMap<StoredPrice, { readonly now: number; readonly text: string }>()
  return (price: StoredPrice, now: number): string => {
    const known = written.get(price)
    if (known?.now === now) return known.text
    const text = JSON.stringify(priceBody(price, now))
    written.set(price, { now, text })
    return text
  }
}

/** Any of them may say what was known before. */
const LATEST_PROBLEMS = Object.fromEntries(
  Object.entries(
    problems(
      'unknown_provider',
      'symbol_not_found',
      'symbol_delisted',
      'no_price',
      'provider_unavailable',
      'provider_bad_data',
      'provider_rate_limited',
      'provider_timeout',
    ),
  ).map(([status, answer]) => {
    const { examples } = answer.content[PROBLEM_TYPE]
    return [status, { ...answer, content: { [PROBLEM_TYPE]: { schema: PriceProblem, examples } } }]
  }),
)

/** Only the provider's failing is forgiven: that a symbol is unknown is an answer. */
function isProvidersFault(error: ServiceError): boolean {
  return statusOf(error.code) >= 502
}

function orLastKnown(result: LatestResult): LatestResult {
  if ('price' in result || !result.lastKnown || !isProvidersFault(result.error)) return result
  return { symbol: result.symbol, price: result.lastKnown }
}

function lastKnownOf(error: ServiceError, price: StoredPrice | undefined, now: number) {
  return price && isProvidersFault(error) ? { last_known: priceBody(price, now) } : {}
}

function entryOf(result: LatestResult, now: number, requestId: string): Static<typeof Prices>['data'][number] {
  if ('price' in result) return priceBody(result.price, now)
  const { symbol, error, lastKnown } = result
  return { symbol, error: { ...problemOf(error, requestId), ...lastKnownOf(error, lastKnown, now) } }
}
