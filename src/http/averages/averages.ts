import { Type, type Static } from 'typebox'
import type { AverageInput, MovingAverage, ReadAverages } from '../../core/averages/average.ts'
import { ServiceError } from '../../errors.ts'
import { canonicalSymbol } from '../../lib/symbol.ts'
import type { App } from '../server/app.ts'
import { ExactNumber, exactNumber } from '../../formats/exact-number.ts'
import { listOf, pageBody, Paging, splitPage, timeCursor, timeKeyOf } from '../server/pagination.ts'
import { id, moment } from '../../formats/price.ts'
import { problems } from '../server/problem.ts'
import type { ProviderNeeds } from '../prices/providers.ts'
import { CLOSED, Currency, DEFAULT_LIMIT, invalid, ProviderName, Range, rangeOf, SymbolText } from '../server/query.ts'

export type AverageNeeds = ProviderNeeds & {
  readonly readAverages: ReadAverages
  /** The windows that are kept, the default first. */
  readonly windows: readonly number[]
}

/** Inputs are many times the averages. */
const MAX_WITH_INPUTS = 1_000

const SeriesQuery = {
  symbol: SymbolText,
  provider: Type.Optional(ProviderName),
  currency: Type.Optional(Currency),
  window: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1_000, description: 'One of the configured windows.', examples: [5] }),
  ),
}
const LatestQuery = Type.Object(SeriesQuery, CLOSED)
const ListQuery = Type.Object(
  {
    ...SeriesQuery,
    ...Range,
    ...Paging,
    expand: Type.Optional(
      Type.Literal('inputs', { description: `With the prices of each; then \`limit\` is at most ${MAX_WITH_INPUTS}.` }),
    ),
  },
  CLOSED,
)

const AverageBody = Type.Object(
  {
    timestamp: moment('Of the newest price in it.'),
    average: ExactNumber,
    window: Type.Integer({ description: 'How many prices it is the mean of.', examples: [5] }),
    currency: Type.Union([Type.String(), Type.Null()], { examples: ['USD'] }),
    computed_at: moment('When it took this value.'),
    inputs: Type.Optional(
      Type.Array(Type.Object({ price_id: id('A price.'), timestamp: moment('Its time.'), price: ExactNumber }), {
        description: 'Oldest first.',
      }),
    ),
  },
  { title: 'MovingAverage' },
)

const LatestAverage = Type.Object(
  { symbol: Type.String({ examples: ['AAPL'] }), provider: Type.String(), ...AverageBody.properties },
  { title: 'LatestMovingAverage', description: 'The newest average of the series.' },
)

const tags = ['Averages']

export function averageRoutes(app: App, { readAverages, windows, ...providers }: AverageNeeds): void {
  const seriesOf = (query: Static<typeof LatestQuery>) => ({
    symbol: canonicalSymbol(query.symbol),
    provider: providers.sources.get(query.provider ?? providers.defaultProvider).name,
    currency: query.currency,
    window: windowOf(query.window, windows),
  })
  app.get(
    '/moving-averages',
    {
      schema: {
        operationId: 'listMovingAverages',
        tags,
        summary: 'Moving averages of a symbol by time',
        description: 'Newest first unless `order=asc`. Exact; a mean that does not end is rounded half up once.',
        querystring: ListQuery,
        response: { 200: listOf(AverageBody, 'MovingAverages'), ...problems('unknown_provider') },
      },
    },
    async (request) => {
      const { query } = request
      const { limit = DEFAULT_LIMIT, order = 'desc' } = query
      const withInputs = query.expand === 'inputs'
      if (withInputs && limit > MAX_WITH_INPUTS) throw invalid('/limit', `is at most ${MAX_WITH_INPUTS} with inputs`)
      const page = { order, withInputs, after: timeKeyOf(query.cursor), limit: limit + 1, ...rangeOf(query) }
      const { rows, last } = splitPage(await readAverages({ ...seriesOf(query), ...page }), limit)
      return pageBody(request, rows.map(averageBody), last ? timeCursor({ ...last, revision: 0 }) : null)
    },
  )
  app.get(
    '/moving-averages/latest',
    {
      schema: {
        operationId: 'getLatestMovingAverage',
        tags,
        summary: 'The newest moving average of a symbol',
        querystring: LatestQuery,
        response: { 200: LatestAverage, ...problems('unknown_provider', 'not_enough_prices') },
      },
    },
    async ({ query }) => {
      const series = seriesOf(query)
      const [newest] = await readAverages({ ...series, order: 'desc', withInputs: false, limit: 1 })
      const { symbol, provider, window } = series
      if (newest === undefined) {
        throw new ServiceError('not_enough_prices', `There are fewer than ${window} prices of ${symbol} yet.`, {
          symbol,
        })
      }
      return { symbol, provider, ...averageBody(newest) }
    },
  )
}

function windowOf(asked: number | undefined, windows: readonly number[]): number {
  const window = asked ?? windows[0] ?? 0
  if (!windows.includes(window)) throw invalid('/window', `is not kept; there are ${windows.join(', ')} (MA_WINDOWS)`)
  return window
}

function averageBody({ inputs, ...average }: MovingAverage): Static<typeof AverageBody> {
  return {
    timestamp: average.eventTime,
    average: exactNumber(average.average),
    window: average.window,
    currency: average.currency,
    computed_at: average.computedAt,
    ...(inputs && { inputs: inputs.map(inputBody) }),
  }
}

function inputBody({ priceId, eventTime, price }: AverageInput) {
  return { price_id: priceId, timestamp: eventTime, price: exactNumber(price) }
}
