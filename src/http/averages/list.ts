import { Type, type Static } from 'typebox'
import {
  averageKeyOf,
  type AverageLine,
  type AveragesRequest,
  type MovingAverage,
} from '../../core/averages/average.ts'
import {
  AverageBody,
  averageBody,
  AVERAGES_CSV_HEADER,
  AveragesCsv,
  averagesCsvLines,
  averageText,
} from '../../formats/average.ts'
import { bySymbolOf, listOfSymbol } from '../../formats/json/page.ts'
import { pageOf, timeCursor, timeKeyOf, type Page } from '../../lib/pagination.ts'
import type { App } from '../server/app.ts'
import { problems } from '../server/problem.ts'
import { rangeOf } from '../server/query.ts'
import { JSON_TYPE } from '../server/responses/body.ts'
import { CSV_TYPE, readAccept, sendTable, type Table } from '../server/responses/csv-table.ts'
import { symbolListText } from '../server/responses/symbol-list.ts'
import { addVary } from '../server/responses/vary.ts'
import { requestedSymbols, rowLimit } from '../server/validation/series-query.ts'
import { listQuery, mostRows, seriesOf, type AveragesDeps } from './averages-query.ts'

const MovingAverages = listOfSymbol(AverageBody, 'MovingAverages')
const MovingAveragesBySymbol = bySymbolOf(AverageBody, 'MovingAveragesBySymbol')

export function listRoute(app: App, deps: AveragesDeps): void {
  const schema = {
    operationId: 'listMovingAverages',
    tags: ['Averages'],
    summary: 'List the moving averages of a symbol by time',
    description: `Newest first unless \`order=asc\`. Exact; a mean with infinitely many digits is rounded once, half up. An empty list
names the other providers that have prices. With \`symbols\`, \`data\` has an entry for each, without further pages; as CSV they
are one table.`,
    querystring: listQuery(deps.windows),
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
  app.get('/moving-averages', { schema, preValidation: readAccept }, async ({ query, url }, reply) => {
    const request = requestIn(query, deps)
    addVary(reply, 'accept')
    if (query.format === 'csv') return sendTable(reply, tableOf(deps, request, query))
    const symbols = requestedSymbols(query)
    const limit = rowLimit(query.limit, symbols, mostRows(query))
    const readPage = query.expand === 'inputs' ? readWithInputs : readLines
    const pageOfSymbol = (symbol: string) => readPage(deps, { ...request, symbol, limit })
    const text = await symbolListText(app, { deps, query, url, ...request }, pageOfSymbol)
    return reply.type(JSON_TYPE).send(text)
  })
}

type AveragesQuery = Static<ReturnType<typeof listQuery>>
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
  const rows = await readAverages({ ...request, limit: limit + 1 })
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
