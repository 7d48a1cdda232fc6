import { Type, type Static } from 'typebox'
import type { ReadAverages } from '../../core/averages/average.ts'
import { ServiceError } from '../../errors.ts'
import { AverageBody, averageBody, LatestAverage, latestAverageBody } from '../../formats/average.ts'
import { listOf, pageBody } from '../../formats/json/page.ts'
import { pageOf, timeCursor, timeKeyOf } from '../../lib/pagination.ts'
import { canonicalSymbol } from '../../lib/symbol.ts'
import type { App, Feature } from '../server/app.ts'
import { Paging } from '../server/pagination.ts'
import { problems } from '../server/problem.ts'
import { providerOf, type ProviderDeps } from '../server/providers.ts'
import { CLOSED, Currency, DEFAULT_LIMIT, invalid, ProviderName, Range, rangeOf, SymbolText } from '../server/query.ts'

export type AveragesDeps = ProviderDeps & {
  readonly readAverages: ReadAverages
  /** The windows that are computed, the default first. */
  readonly windows: readonly number[]
}

export const averagesApi: Feature<AveragesDeps> = { routes: [listRoute, latestRoute] }

/** Inputs are many times the size of the averages. */
const MAX_WITH_INPUTS = 1_000

const series = {
  symbol: SymbolText,
  provider: Type.Optional(ProviderName),
  currency: Type.Optional(Currency),
  window: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1_000, description: 'One of the configured windows.', examples: [5] }),
  ),
}
const LatestQuery = Type.Object(series, CLOSED)
const AveragesQuery = Type.Object(
  {
    ...series,
    ...Range,
    ...Paging,
    expand: Type.Optional(
      Type.Literal('inputs', {
        description: `Include the prices of each average; \`limit\` is then at most ${MAX_WITH_INPUTS}.`,
      }),
    ),
  },
  CLOSED,
)

const tags = ['Averages']

function listRoute(app: App, deps: AveragesDeps): void {
  const schema = {
    operationId: 'listMovingAverages',
    tags,
    summary: 'List the moving averages of a symbol by time',
    description: 'Newest first unless `order=asc`. Exact; a mean with infinitely many digits is rounded once, half up.',
    querystring: AveragesQuery,
    response: { 200: listOf(AverageBody, 'MovingAverages'), ...problems('unknown_provider') },
  }
  app.get('/moving-averages', { schema }, async ({ query, url }) => {
    const { limit = DEFAULT_LIMIT, order = 'desc' } = query
    const withInputs = query.expand === 'inputs'
    if (withInputs && limit > MAX_WITH_INPUTS) throw invalid('/limit', `is at most ${MAX_WITH_INPUTS} with inputs`)
    const range = { order, withInputs, after: timeKeyOf(query.cursor), limit: limit + 1, ...rangeOf(query) }
    const rows = await deps.readAverages({ ...seriesOf(query, deps), ...range })
    const page = pageOf(rows, limit, (last) => timeCursor({ ...last, revision: 0 }))
    return pageBody(page, url, averageBody)
  })
}

function latestRoute(app: App, deps: AveragesDeps): void {
  const schema = {
    operationId: 'getLatestMovingAverage',
    tags,
    summary: 'Get the newest moving average of a symbol',
    querystring: LatestQuery,
    response: { 200: LatestAverage, ...problems('unknown_provider', 'not_enough_prices') },
  }
  app.get('/moving-averages/latest', { schema }, async ({ query }) => {
    const request = seriesOf(query, deps)
    const [newest] = await deps.readAverages({ ...request, order: 'desc', withInputs: false, limit: 1 })
    if (newest) return latestAverageBody(newest, request)
    const { symbol, window } = request
    throw new ServiceError('not_enough_prices', `${symbol} has fewer than ${window} prices so far.`, { symbol })
  })
}

function seriesOf(query: Static<typeof LatestQuery>, deps: AveragesDeps) {
  return {
    symbol: canonicalSymbol(query.symbol),
    provider: providerOf(deps, query.provider).name,
    currency: query.currency,
    window: windowOf(query.window, deps.windows),
  }
}

/** @throws ServiceError `invalid_request` for a window that is not computed */
function windowOf(given: number | undefined, windows: readonly number[]): number {
  const window = given ?? windows[0] ?? 0
  if (windows.includes(window)) return window
  throw invalid('/window', `is not one of the configured windows (MA_WINDOWS): ${windows.join(', ')}`)
}
