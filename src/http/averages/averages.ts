import { Type, type Static } from 'typebox'
import {
  averageKeyOf,
  type AverageLine,
  type AveragesRequest,
  type MovingAverage,
  type ReadAverageLines,
  type ReadAverages,
} from '../../core/averages/average.ts'
import { ServiceError } from '../../errors.ts'
import {
  AverageBody,
  averageBody,
  AVERAGES_CSV_HEADER,
  AveragesCsv,
  averagesCsvLines,
  averageText,
  LatestAverage,
  latestAverageBody,
} from '../../formats/average.ts'
import { bySymbolOf, listOfSymbol } from '../../formats/json/page.ts'
import { problemOf, type Problem } from '../../formats/json/problem.ts'
import { pageOf, timeCursor, timeKeyOf, type Page } from '../../lib/pagination.ts'
import { canonicalSymbol } from '../../lib/symbol.ts'
import type { App, Feature } from '../server/app.ts'
import { alternatives } from '../server/validation/expectation.ts'
import { Paging } from '../server/pagination.ts'
import { problems } from '../server/problem.ts'
import { providerOf, type ProviderDeps } from '../server/providers.ts'
import { invalid, Range, rangeOf } from '../server/query.ts'
import { JSON_TYPE } from '../server/responses/body.ts'
import { CSV_TYPE, Format, sendTable, wantsCsv, type Table } from '../server/responses/csv-table.ts'
import { symbolListText } from '../server/responses/symbol-list.ts'
import { addVary } from '../server/responses/vary.ts'
import {
  OF_SERIES,
  othersOf,
  requestedSymbols,
  rowLimit,
  SeriesMembers,
  type OthersDeps,
} from '../server/validation/series-query.ts'

export type AveragesDeps = ProviderDeps &
  OthersDeps & {
    readonly readAverages: ReadAverages
    readonly readAverageLines: ReadAverageLines
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
const LatestQuery = Type.Object(series, OF_SERIES)
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
    ...Format,
  },
  OF_SERIES,
)
type AveragesQuery = Static<typeof AveragesQuery>

const MovingAverages = listOfSymbol(AverageBody, 'MovingAverages')
const MovingAveragesBySymbol = bySymbolOf(AverageBody, 'MovingAveragesBySymbol')

const tags = ['Averages']

function listRoute(app: App, deps: AveragesDeps): void {
  const schema = {
    operationId: 'listMovingAverages',
    tags,
    summary: 'List the moving averages of a symbol by time',
    description: `Newest first unless \`order=asc\`. Exact; a mean with infinitely many digits is rounded once, half up. An empty list
names the other providers that have prices. With \`symbols\`, \`data\` has an entry for each, without further pages; as CSV they
are one table.`,
    querystring: AveragesQuery,
    response: {
      200: {
        description: 'A page of averages.',
        content: {
          'application/json': { schema: Type.Union([MovingAverages, MovingAveragesBySymbol]) },
          [CSV_TYPE]: { schema: AveragesCsv },
        },
      },
      ...problems('unknown_provider'),
    },
  }
  app.get('/moving-averages', { schema }, async ({ query, headers, url }, reply) => {
    const request = requestIn(query, deps)
    addVary(reply, 'accept')
    if (wantsCsv(query.format, headers.accept)) {
      if (query.expand) throw invalid('/expand', 'CSV has no column for the inputs; leave expand out, or ask for JSON')
      return sendTable(reply, tableOf(deps, request, query))
    }
    const symbols = requestedSymbols(query)
    const limit = rowLimit(query, symbols)
    const most = Math.floor(MAX_WITH_INPUTS / symbols.length)
    if (query.expand && limit > most) throw invalid('/limit', `is at most ${most} with inputs`)
    const readPage = query.expand === 'inputs' ? readWithInputs : readLines
    const pageOfSymbol = (symbol: string) => readPage(deps, { ...request, symbol, limit })
    const text = await symbolListText(app, { deps, query, url, ...request }, pageOfSymbol)
    return reply.type(JSON_TYPE).send(text)
  })
}

type ListRequest = Omit<AveragesRequest, 'symbol' | 'limit'>

function requestIn(query: AveragesQuery, deps: AveragesDeps): ListRequest {
  return { ...seriesOf(query, deps), order: query.order ?? 'desc', after: timeKeyOf(query.cursor), ...rangeOf(query) }
}

async function readLines({ readAverageLines }: AveragesDeps, request: AveragesRequest): Promise<Page<string>> {
  const { limit, window } = request
  const lines = await readAverageLines({ ...request, limit: limit + 1 })
  const { data, nextCursor } = pageOf(lines, limit, (last) => timeCursor(averageKeyOf(last)))
  return { data: data.map((line) => averageText(line, window)), nextCursor }
}

async function readWithInputs({ readAverages }: AveragesDeps, request: AveragesRequest): Promise<Page<string>> {
  const { limit } = request
  const rows = await readAverages({ ...request, withInputs: true, limit: limit + 1 })
  const { data, nextCursor } = pageOf(rows, limit, (last: MovingAverage) => timeCursor({ ...last, revision: 0 }))
  return { data: data.map((average) => JSON.stringify(averageBody(average))), nextCursor }
}

function tableOf(
  { readAverageLines }: AveragesDeps,
  { after, ...request }: ListRequest,
  query: AveragesQuery,
): Table<AverageLine> {
  const { provider, window } = request
  const symbols = requestedSymbols(query)
  return {
    header: AVERAGES_CSV_HEADER,
    symbols,
    after,
    limit: query.limit,
    read: (page) => readAverageLines({ ...request, ...page }),
    keyOf: averageKeyOf,
    textOf: (lines, symbol) => averagesCsvLines(lines, { symbol, provider, window }),
    name: `${symbols.length === 1 ? symbols[0] : 'averages'}-${provider}-average-${window}`,
  }
}

function latestRoute(app: App, deps: AveragesDeps): void {
  const schema = {
    operationId: 'getLatestMovingAverage',
    tags,
    summary: 'Get the newest moving average of a symbol',
    description: 'With `symbols`, `data` has an entry for each: a list of its newest average, or the problem.',
    querystring: LatestQuery,
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

/** @throws ServiceError `not_enough_prices`, which names the providers that have prices */
async function newestOf(deps: AveragesDeps, request: Series): Promise<Static<typeof LatestAverage>> {
  const [newest] = await deps.readAverages({ ...request, order: 'desc', withInputs: false, limit: 1 })
  if (newest) return latestAverageBody(newest, request)
  const { symbol, provider, window } = request
  const others = await othersOf(deps, symbol, provider)
  const hint =
    others.length === 0 ? '' : ` Other providers have prices of it: ${others.join(', ')}; give one as provider.`
  const detail = `${symbol} has fewer than ${window} prices from ${provider} so far.${hint}`
  throw new ServiceError('not_enough_prices', detail, { symbol, provider, others })
}

function seriesOf(query: Static<typeof LatestQuery>, deps: AveragesDeps) {
  return {
    provider: providerOf(deps, query.provider).name,
    currency: query.currency,
    window: windowOf(query.window, deps.windows),
  }
}

/** @throws ServiceError `invalid_request` for a window that is not computed */
function windowOf(given: number | undefined, windows: readonly number[]): number {
  const window = given ?? windows[0] ?? 0
  if (windows.includes(window)) return window
  throw invalid('/window', `must be ${alternatives(windows)}; the setting MA_WINDOWS adds windows`)
}
