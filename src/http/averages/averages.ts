import { Type, type Static } from 'typebox'
import type { AveragesRequest, ReadAverages, ReadNewestAverage } from '../../core/averages/average.ts'
import type { ReadLatest } from '../../core/ingest/read-through.ts'
import { ServiceError } from '../../errors.ts'
import { AverageBody, averageBody, LatestAverage, latestAverageBody } from '../../formats/average.ts'
import { bySymbolOf, listOfSymbol, pageBody } from '../../formats/json/page.ts'
import { problemOf, type Problem } from '../../formats/json/problem.ts'
import { pageOf, timeCursor, timeKeyOf } from '../../lib/pagination.ts'
import { canonicalSymbol } from '../../lib/symbol.ts'
import type { App, Feature } from '../server/app.ts'
import { alternatives } from '../server/validation/expectation.ts'
import { Paging } from '../server/pagination.ts'
import { problems } from '../server/problem.ts'
import { providerOf, type ProviderDeps } from '../server/providers.ts'
import { MAX_LIMIT, Range, rangeOf } from '../server/query.ts'
import { mistake, rangeInOrder, type Rule } from '../server/validation/rules.ts'
import {
  cursorOfSeries,
  forEachSymbol,
  limitOfEach,
  ofSeries,
  othersOf,
  requestedSymbols,
  rowLimit,
  SeriesMembers,
  type OthersDeps,
} from '../server/validation/series-query.ts'

export type AveragesDeps = ProviderDeps &
  OthersDeps & {
    readonly readAverages: ReadAverages
    readonly readNewestAverage: ReadNewestAverage
    readonly readLatest: ReadLatest
    /** The windows that are computed, the default first. */
    readonly windows: readonly number[]
  }

export const averagesApi: Feature<AveragesDeps> = { routes: [listRoute, latestRoute] }

/** Inputs are many times the size of the averages. */
const MAX_WITH_INPUTS = 1_000

const series = {
  ...SeriesMembers,
  window: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1_000, description: 'One of the configured windows.', examples: [5] }),
  ),
}
const list = {
  ...series,
  ...Range,
  ...Paging,
  expand: Type.Optional(
    Type.Literal('inputs', {
      description: `Include the prices of each average; \`limit\` is then at most ${MAX_WITH_INPUTS}.`,
    }),
  ),
}

function latestQuery(windows: readonly number[]) {
  return Type.Object(series, ofSeries(windowIn(windows)))
}

function listQuery(windows: readonly number[]) {
  const ofList = [cursorOfSeries, rangeInOrder, limitOfEach(mostRows)]
  return Type.Object(list, ofSeries(windowIn(windows), ...ofList))
}

/** The window is one of those that are computed. */
function windowIn(windows: readonly number[]): Rule {
  return ({ window }) =>
    typeof window !== 'number' || !Number.isInteger(window) || windows.includes(window)
      ? []
      : mistake('window', `must be ${alternatives(windows)}; the setting MA_WINDOWS adds windows`)
}

function mostRows({ expand }: { readonly expand?: unknown }): number {
  return expand === 'inputs' ? MAX_WITH_INPUTS : MAX_LIMIT
}

const JSON_TYPE = 'application/json; charset=utf-8'

const MovingAverages = listOfSymbol(AverageBody, 'MovingAverages')
const MovingAveragesBySymbol = bySymbolOf(AverageBody, 'MovingAveragesBySymbol')

const tags = ['Averages']

function listRoute(app: App, deps: AveragesDeps): void {
  const schema = {
    operationId: 'listMovingAverages',
    tags,
    summary: 'List the moving averages of a symbol by time',
    description: `Newest first unless \`order=asc\`. Exact; a mean with infinitely many digits is rounded once, half up. An empty list
names the other providers that have prices. With \`symbols\`, \`data\` has an entry for each, without further pages.`,
    querystring: listQuery(deps.windows),
    response: {
      200: {
        description: 'A page of averages.',
        content: { 'application/json': { schema: Type.Union([MovingAverages, MovingAveragesBySymbol]) } },
      },
      ...problems('unknown_provider'),
    },
  }
  app.get('/moving-averages', { schema }, async ({ query, url }, reply) => {
    const symbols = requestedSymbols(query)
    const limit = rowLimit(query.limit, symbols, mostRows(query))
    const withInputs = query.expand === 'inputs'
    const range = { order: query.order ?? 'desc', withInputs, after: timeKeyOf(query.cursor), limit, ...rangeOf(query) }
    const request = { ...seriesOf(query, deps), ...range }
    const bodyOf = (symbol: string) => pageFor(deps, { ...request, symbol }, url)
    const body = await (query.symbol === undefined ? forEachSymbol(symbols, bodyOf) : bodyOf(symbols[0] ?? ''))
    return reply.type(JSON_TYPE).serializer(JSON.stringify).send(body)
  })
}

async function pageFor(deps: AveragesDeps, request: AveragesRequest, url: string) {
  const { symbol, provider, limit, after } = request
  const rows = await deps.readAverages({ ...request, limit: limit + 1 })
  const page = pageOf(rows, limit, (last) => timeCursor({ ...last, revision: 0 }))
  const others = rows.length === 0 && after === undefined ? await othersOf(deps, symbol, provider) : []
  return { ...pageBody(page, url, averageBody), ...(others.length > 0 && { others }) }
}

function latestRoute(app: App, deps: AveragesDeps): void {
  const schema = {
    operationId: 'getLatestMovingAverage',
    tags,
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

function seriesOf(query: Static<ReturnType<typeof latestQuery>>, deps: AveragesDeps) {
  return {
    provider: providerOf(deps, query.provider).name,
    currency: query.currency,
    window: query.window ?? deps.windows[0] ?? 0,
  }
}
