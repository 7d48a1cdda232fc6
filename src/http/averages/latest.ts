import { Type, type Static } from 'typebox'
import type { AveragesRequest } from '../../core/averages/average.ts'
import { ServiceError } from '../../errors.ts'
import { LatestAverage, latestAverageBody } from '../../formats/average.ts'
import { bySymbolOf } from '../../formats/json/page.ts'
import { problemOf, type Problem } from '../../formats/json/problem.ts'
import { canonicalSymbol } from '../../lib/symbol.ts'
import type { App } from '../server/app.ts'
import { problems } from '../server/problem.ts'
import { JSON_TYPE } from '../server/responses/body.ts'
import { othersOf, requestedSymbols } from '../server/validation/series-query.ts'
import { latestQuery, seriesOf, type AveragesDeps } from './averages-query.ts'

export function latestRoute(app: App, deps: AveragesDeps): void {
  const schema = {
    operationId: 'getLatestMovingAverage',
    tags: ['Averages'],
    summary: 'Get the newest moving average of a symbol',
    description: `Without \`currency\`, in the currency of the newest price. With \`symbols\`, \`data\` has an entry for each: a list of
its newest average, or the problem.`,
    querystring: latestQuery(deps.windows),
    response: {
      200: {
        description: 'The newest average.',
        content: { 'application/json': { schema: Type.Union([LatestAverage, LatestAverages]) } },
      },
      ...problems('unknown_provider', 'not_enough_prices'),
    },
  }
  app.get('/moving-averages/latest', { schema }, async ({ query, id }, reply) => {
    const request = seriesOf(query, deps)
    if (query.symbol !== undefined) {
      const newest = await newestOf(deps, { ...request, symbol: canonicalSymbol(query.symbol) })
      return reply.type(JSON_TYPE).serializer(JSON.stringify).send(newest)
    }
    const data = []
    for (const symbol of requestedSymbols(query)) {
      const newest = await newestOf(deps, { ...request, symbol }).catch(problemIfRefused(id))
      data.push('code' in newest ? { symbol, error: newest } : { symbol, data: [newest] })
    }
    return reply.type(JSON_TYPE).serializer(JSON.stringify).send({ data })
  })
}

function problemIfRefused(requestId: string) {
  return (error: unknown): Problem => {
    if (error instanceof ServiceError && error.code === 'not_enough_prices') return problemOf(error, requestId)
    throw error
  }
}

const LatestAverages = bySymbolOf(LatestAverage, 'LatestMovingAverages')

type Series = Pick<AveragesRequest, 'symbol' | 'provider' | 'currency' | 'window'>

/**
 * Of the series whose price is the latest: a price in one currency never comes with an average in another.
 * @throws ServiceError `not_enough_prices`, which names the providers that have prices
 */
async function newestOf(deps: AveragesDeps, request: Series): Promise<Static<typeof LatestAverage>> {
  const { symbol, provider, currency, window } = request
  const price = (await deps.readLatest({ provider, symbols: [symbol], currency })).get(symbol)
  const newest = price && (await deps.readNewestAverage(price.seriesId, window))
  if (newest) return latestAverageBody(newest, request)
  const others = await othersOf(deps, symbol, provider)
  const hint =
    others.length === 0 ? '' : ` Other providers have prices of it: ${others.join(', ')}; give one as provider.`
  const inCurrency = price?.currency == null ? '' : ` in ${price.currency}`
  const detail = `${symbol} has fewer than ${window} prices${inCurrency} from ${provider} so far.${hint}`
  throw new ServiceError('not_enough_prices', detail, { symbol, provider, others })
}
