import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import type { HistoryRequest, PastPrice, ReadHistory } from '../../core/prices/history.ts'
import {
  HISTORY_CSV_HEADER,
  HistoryCsv,
  historyCsvLines,
  HistoryPrice,
  historyPriceBody,
} from '../../formats/history.ts'
import { bySymbolOf, listOfSymbol, pageBody } from '../../formats/json/page.ts'
import { pageOf, timeCursor, timeKeyOf } from '../../lib/pagination.ts'
import type { App } from '../server/app.ts'
import { Paging } from '../server/pagination.ts'
import { problems } from '../server/problem.ts'
import { providerOf, type ProviderDeps } from '../server/providers.ts'
import { MAX_LIMIT, Range, rangeOf } from '../server/query.ts'
import { sendStream } from '../server/send-stream.ts'
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
import { rangeInOrder } from '../server/validation/rules.ts'
import { addVary } from '../server/responses/vary.ts'

export type HistoryDeps = ProviderDeps & OthersDeps & { readonly readHistory: ReadHistory }

const HistoryQuery = Type.Object(
  {
    ...SeriesMembers,
    ...Range,
    ...Paging,
    include: Type.Optional(
      Type.Literal('superseded', { description: 'Include prices that a later revision has superseded.' }),
    ),
    format: Type.Optional(
      Type.Enum(['json', 'csv'], {
        default: 'json',
        description: '`csv` streams the whole range unless `limit` is given. So does the header `Accept: text/csv`.',
      }),
    ),
  },
  ofSeries(cursorOfSeries, rangeInOrder, limitOfEach(mostRows)),
)
/** CSV is streamed, however long it is. */
function mostRows({ format }: { readonly format?: unknown }): number {
  return format === 'csv' ? Number.POSITIVE_INFINITY : MAX_LIMIT
}

type HistoryQuery = Static<typeof HistoryQuery>

const JSON_TYPE = 'application/json; charset=utf-8'
const CSV_TYPE = 'text/csv; charset=utf-8'

const History = listOfSymbol(HistoryPrice, 'History')
const Histories = bySymbolOf(HistoryPrice, 'Histories')

export function historyRoute(app: App, deps: HistoryDeps): void {
  const schema = {
    operationId: 'listPrices',
    tags: ['Prices'],
    summary: 'List the stored prices of a symbol by time',
    description: `Newest first unless \`order=asc\`. A symbol without prices has an empty list, which names the other providers that
have some. With \`symbols\`, \`data\` has an entry for each, without further pages; as CSV they are one table.`,
    querystring: HistoryQuery,
    response: {
      200: {
        description: 'A page of prices.',
        content: {
          'application/json': { schema: Type.Union([History, Histories]) },
          [CSV_TYPE]: { schema: HistoryCsv },
        },
      },
      ...problems('unknown_provider'),
    },
  }
  app.get('/prices/history', { schema, preValidation: readAccept }, async (request, reply) => {
    const { query, url } = request
    const symbols = requestedSymbols(query)
    const range = rangeIn(query, providerOf(deps, query.provider).name)
    addVary(reply, 'accept')
    if (query.format === 'csv') {
      const lines = await csvOf(deps.readHistory, { symbols, range }, query.limit)
      reply.header('content-disposition', `attachment; filename="${fileName(symbols, range.provider)}"`)
      return sendStream(reply.type(CSV_TYPE), lines)
    }
    const limit = rowLimit(query.limit, symbols)
    const bodyOf = (symbol: string) => pageFor(deps, { ...range, symbol, limit }, url)
    const body = await (query.symbol === undefined ? forEachSymbol(symbols, bodyOf) : bodyOf(symbols[0] ?? ''))
    // The schema is a union, on which the serializer of the route would be slow.
    return reply.type(JSON_TYPE).serializer(JSON.stringify).send(body)
  })
}

type Range = Omit<HistoryRequest, 'limit' | 'symbol'>

function rangeIn(query: HistoryQuery, provider: string): Range {
  return {
    provider,
    currency: query.currency,
    order: query.order ?? 'desc',
    withSuperseded: query.include === 'superseded',
    after: timeKeyOf(query.cursor),
    ...rangeOf(query),
  }
}

async function pageFor(deps: HistoryDeps, request: HistoryRequest, url: string) {
  const { symbol, provider, limit, after } = request
  const rows = await deps.readHistory({ ...request, limit: limit + 1 })
  const body = pageBody(pageOf(rows, limit, timeCursor), url, historyPriceBody)
  const others = rows.length === 0 && after === undefined ? await othersOf(deps, symbol, provider) : []
  return others.length > 0 ? { ...body, others } : body
}

/** A client that names no format, and accepts CSV but not JSON, gets CSV. Known before the query is validated: it has other limits. */
function readAccept(request: FastifyRequest, _reply: FastifyReply, done: () => void): void {
  const query = request.query as HistoryQuery
  const { accept = '' } = request.headers
  const wantsCsv = accept.includes('text/csv') && !accept.includes('application/json')
  if (query.format === undefined && wantsCsv) request.query = { ...query, format: 'csv' }
  done()
}

function fileName(symbols: readonly string[], provider: string): string {
  return `${symbols.length === 1 ? symbols[0] : 'prices'}-${provider}.csv`
}

const CSV_PAGE = 1_000

type CsvRequest = { readonly symbols: readonly string[]; readonly range: Range }

/**
 * Resolves once the first page is read, so that a database that is unavailable is an error and not half a file. Each
 * further page is read only after the reader has taken the previous one: memory does not grow with the range.
 */
async function csvOf(
  readHistory: ReadHistory,
  { symbols, range }: CsvRequest,
  limit = Number.POSITIVE_INFINITY,
): Promise<AsyncIterable<string>> {
  const read = (symbol: string, after: Range['after'], left: number) =>
    readHistory({ ...range, symbol, after, limit: Math.min(CSV_PAGE, left) })
  const first = await read(symbols[0] ?? '', range.after, limit)
  return csvLines()

  async function* csvLines() {
    yield HISTORY_CSV_HEADER
    for (const [index, symbol] of symbols.entries()) {
      yield* linesOf(symbol, index === 0 ? first : await read(symbol, range.after, limit))
    }
  }

  async function* linesOf(symbol: string, firstPage: readonly PastPrice[]) {
    let [page, left] = [firstPage, limit]
    while (page.length > 0) {
      yield historyCsvLines(page, { symbol, provider: range.provider })
      left -= page.length
      const isMore = page.length === CSV_PAGE && left > 0
      page = isMore ? await read(symbol, page.at(-1), left) : []
    }
  }
}
