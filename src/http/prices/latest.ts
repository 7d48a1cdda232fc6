import type { FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import type { Clock } from '../../lib/clock.ts'
import { ServiceError, withDetails } from '../../errors.ts'
import { ONE_YEAR_SECONDS } from '../../lib/instant.ts'
import type { Latest, LatestRequest, LatestResult } from '../../core/ingest/read-through.ts'
import type { StoredPrice } from '../../core/prices/quote.ts'
import { lastKnownBody, Price, priceBody, PriceProblem, Prices } from '../../formats/price.ts'
import { PROBLEM_TYPE, problemOf, statusOf } from '../../formats/json/problem.ts'
import { isOfForeignPage } from '../server/responses/cors.ts'
import { sendProblem } from '../server/error-handler.ts'
import type { App } from '../server/app.ts'
import { problems } from '../server/problem.ts'
import { providerOf, type ProviderDeps } from '../server/providers.ts'
import { ofSeries, othersOf, othersOfEach, type OthersDeps } from '../server/validation/series-query.ts'
import { Currency, ProviderName, SymbolList, symbolsOf, SymbolText } from '../server/query.ts'

export type LatestDeps = ProviderDeps & OthersDeps & { readonly latest: Latest; readonly clock: Clock }

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
        description:
          'A stored price is returned if the provider confirmed it within this many seconds. 0 always queries the provider.',
        examples: [60],
      }),
    ),
    stale_if_error: Type.Optional(
      Type.Boolean({ default: false, description: 'If the provider fails, answer 200 with the last known price.' }),
    ),
  },
  ofSeries(),
)

/** One price is sent as text. */
const PriceOrPrices = Type.Unsafe<string | Static<typeof Prices>>(
  Type.Union([Price, Prices], { description: 'One price, or a list.' }),
)

export function latestRoute(app: App, deps: LatestDeps): void {
  const { latest, clock } = deps
  const textOf = createPriceText()
  const schema = {
    operationId: 'getLatestPrice',
    tags: ['Prices'],
    summary: 'Get the newest price of one or more symbols',
    description: `Give \`symbol\` for one price, or \`symbols\` for a list with one entry each. If the stored price was not
confirmed within \`max_age\` seconds, the provider is queried, once for all concurrent callers. If it fails, the problem
carries the stored price as \`last_known\`. Imported prices are answered from the store, however old they are.`,
    querystring: LatestQuery,
    response: { 200: PriceOrPrices, ...LATEST_PROBLEMS },
  }
  app.get('/prices/latest', { schema }, async (request, reply) => {
    const { query, id } = request
    const { name: provider, canBePolled } = providerOf(deps, query.provider)
    const results = await latest({
      provider,
      symbols: symbolsOf(query.symbol ?? query.symbols ?? ''),
      currency: query.currency,
      maxAgeSeconds: query.max_age ?? DEFAULT_MAX_AGE_SECONDS,
      storedOnly: storedOnlyReason(request, canBePolled),
    })
    const answers = query.stale_if_error ? results.map(orLastKnown) : results
    if (query.symbol === undefined) {
      const named = await withOthers(deps, provider, answers)
      return { data: named.map((answer) => entryOf(answer, clock.now(), id)) }
    }
    const [first] = answers
    if (first && 'price' in first) return reply.type(JSON_TYPE).send(textOf(first.price, clock.now()))
    if (first === undefined) throw new ServiceError('internal', 'No result.')
    return sendProblem(reply, ...(await failureOf(deps, provider, first)))
  })
}

type Failed = Exclude<LatestResult, { readonly price: StoredPrice }>

/** The error and what goes with it: the last known price, or the other providers that have prices of the symbol. */
async function failureOf(deps: LatestDeps, provider: string, failed: Failed): Promise<[ServiceError, object]> {
  const { symbol, error, lastKnown } = failed
  if (lastKnown) return [error, lastKnownOf(error, lastKnown, deps.clock.now())]
  const others = await othersOf(deps, symbol, provider)
  return [others.length === 0 ? error : withDetails(error, { others }), {}]
}

/** The same for the entries of a list, in one look. */
async function withOthers(deps: LatestDeps, provider: string, results: readonly LatestResult[]) {
  const missing = results.flatMap((result) => ('price' in result || result.lastKnown ? [] : [result.symbol]))
  const others = await othersOfEach(deps, missing, provider)
  return results.map((result) => {
    const found = others.get(result.symbol)
    return 'price' in result || !found ? result : { ...result, error: withDetails(result.error, { others: found }) }
  })
}

/** Why the provider is not asked for a request; undefined if it may be. */
function storedOnlyReason(request: FastifyRequest, canBePolled: boolean | undefined): LatestRequest['storedOnly'] {
  if (canBePolled === false) return 'import'
  return isOfForeignPage(request) ? 'foreign_page' : undefined
}

const JSON_TYPE = 'application/json; charset=utf-8'

/** A popular symbol is requested many times in one millisecond, and each response has the same text. */
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

/** Each of them may carry the last known price. */
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

/** A failure of the provider can be excused; that a symbol is unknown is a valid answer. */
function isProviderFailure(error: ServiceError): boolean {
  return statusOf(error.code) >= 502
}

function orLastKnown(result: LatestResult): LatestResult {
  if ('price' in result || !result.lastKnown || !isProviderFailure(result.error)) return result
  return { symbol: result.symbol, price: result.lastKnown }
}

function lastKnownOf(error: ServiceError, price: StoredPrice | undefined, now: number) {
  return price && isProviderFailure(error) ? lastKnownBody(price, now) : {}
}

function entryOf(result: LatestResult, now: number, requestId: string): Static<typeof Prices>['data'][number] {
  if ('price' in result) return priceBody(result.price, now)
  const { symbol, error, lastKnown } = result
  return { symbol, error: { ...problemOf(error, requestId), ...lastKnownOf(error, lastKnown, now) } }
}
