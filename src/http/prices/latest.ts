import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import type { Clock } from '../../lib/clock.ts'
import { memoizeByObject } from '../../lib/memoize.ts'
import { ServiceError, withDetails } from '../../errors.ts'
import type { Latest, LatestResult } from '../../core/ingest/read-through.ts'
import type { StoredPrice } from '../../core/prices/quote.ts'
import { lastKnownBody, Price, priceBody, PriceProblem, Prices } from '../../formats/price.ts'
import { createPriceText, type PriceText } from '../../formats/price-text.ts'
import { PROBLEM_TYPE, problemOf, statusOf } from '../../formats/json/problem.ts'
import { isOfForeignPage } from '../server/responses/cors.ts'
import { sendProblem } from '../server/error-handler.ts'
import type { App } from '../server/app.ts'
import { problems } from '../server/problem.ts'
import { JSON_TYPE } from '../server/responses/body.ts'
import type { ProviderDeps } from '../server/providers.ts'
import { othersOf, othersOfEach, type OthersDeps } from '../server/validation/series-query.ts'
import { askedBy, LatestQuery, type Asked } from './latest-query.ts'

export type LatestDeps = ProviderDeps & OthersDeps & { readonly latest: Latest; readonly clock: Clock }

/** One price is sent as text. */
const PriceOrPrices = Type.Unsafe<string | Static<typeof Prices>>(
  Type.Union([Price, Prices], { description: 'One price, or a list.' }),
)

/**
 * A hot question is one that came before, about one price that is in memory and young enough. Its text is not read again,
 * and it is answered without a promise. All hooks of the server have run by then, as for every other question.
 */
export function latestRoute(app: App, deps: LatestDeps): void {
  const { latest, clock } = deps
  const understand = memoizeByObject((query: Static<typeof LatestQuery>) => askedBy(query, deps))
  const textOf = createPriceText()
  const answer = createAnswer(deps, textOf)
  app.get('/prices/latest', { schema: SCHEMA }, (request, reply) => {
    const asked = understand(request.query)
    const now = clock.now()
    const price = asked.isList || isOfForeignPage(request) ? undefined : latest.peek(asked.request, now)
    if (price === undefined) return answer(asked, request, reply)
    return void reply.type(JSON_TYPE).send(textOf(price, now))
  })
}

/** Answers any question: from the store, and from the provider where the stored price is too old. */
function createAnswer(deps: LatestDeps, textOf: PriceText) {
  const { latest, clock } = deps
  return async (asked: Asked, request: FastifyRequest, reply: FastifyReply) => {
    const storedOnly = asked.request.storedOnly ?? (isOfForeignPage(request) ? 'foreign_page' : undefined)
    const results = await latest.find({ ...asked.request, storedOnly })
    const answers = asked.staleIfError ? results.map(orLastKnown) : results
    if (asked.isList) {
      const named = await withOthers(deps, asked.request.provider, answers)
      return { data: named.map((one) => entryOf(one, clock.now(), request.id)) }
    }
    const [first] = answers
    if (first && 'price' in first) return reply.type(JSON_TYPE).send(textOf(first.price, clock.now()))
    if (first === undefined) throw new ServiceError('internal', 'No result.')
    return sendProblem(reply, ...(await failureOf(deps, asked.request.provider, first)))
  }
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

const SCHEMA = {
  operationId: 'getLatestPrice',
  tags: ['Prices'],
  summary: 'Get the newest price of one or more symbols',
  description: `Give \`symbol\` for one price, or \`symbols\` for a list with one entry each. If the stored price was not
confirmed within \`max_age\` seconds, the provider is queried, once for all concurrent callers. If it fails, the problem
carries the stored price as \`last_known\`. Imported prices are answered from the store, however old they are.`,
  querystring: LatestQuery,
  response: { 200: PriceOrPrices, ...LATEST_PROBLEMS },
}

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
