import { Type } from 'typebox'
import type { HistoryRequest, PastPrice, ReadHistory } from '../../core/prices/history.ts'
import {
  HISTORY_CSV_HEADER,
  HistoryCsv,
  historyCsvLines,
  HistoryPrice,
  historyPriceBody,
} from '../../formats/history.ts'
import { listOf, pageBody } from '../../formats/json/page.ts'
import { pageOf, timeCursor, timeKeyOf } from '../../lib/pagination.ts'
import { canonicalSymbol } from '../../lib/symbol.ts'
import type { App } from '../server/app.ts'
import { Paging } from '../server/pagination.ts'
import { problems } from '../server/problem.ts'
import { providerOf, type ProviderDeps } from '../server/providers.ts'
import { CLOSED, Currency, DEFAULT_LIMIT, ProviderName, Range, rangeOf, SymbolText } from '../server/query.ts'
import { sendStream } from '../server/send-stream.ts'

export type HistoryDeps = ProviderDeps & { readonly readHistory: ReadHistory }

const HistoryQuery = Type.Object(
  {
    symbol: SymbolText,
    provider: Type.Optional(ProviderName),
    currency: Type.Optional(Currency),
    ...Range,
    ...Paging,
    include: Type.Optional(
      Type.Literal('superseded', { description: 'Include prices that a later revision has superseded.' }),
    ),
    format: Type.Optional(
      Type.Enum(['json', 'csv'], {
        default: 'json',
        description: '`csv` streams the whole range unless `limit` is given.',
      }),
    ),
  },
  CLOSED,
)

const CSV_TYPE = 'text/csv; charset=utf-8'

export function historyRoute(app: App, { readHistory, ...providers }: HistoryDeps): void {
  const schema = {
    operationId: 'listPrices',
    tags: ['Prices'],
    summary: 'List the stored prices of a symbol by time',
    description: 'Newest first unless `order=asc`. A symbol without prices has an empty list.',
    querystring: HistoryQuery,
    response: {
      200: {
        description: 'A page of prices.',
        content: {
          'application/json': { schema: listOf(HistoryPrice, 'History') },
          [CSV_TYPE]: { schema: HistoryCsv },
        },
      },
      ...problems('unknown_provider'),
    },
  }
  app.get('/prices/history', { schema }, async (request, reply) => {
    const { query } = request
    const range = {
      symbol: canonicalSymbol(query.symbol),
      provider: providerOf(providers, query.provider).name,
      currency: query.currency,
      order: query.order ?? 'desc',
      withSuperseded: query.include === 'superseded',
      after: timeKeyOf(query.cursor),
      ...rangeOf(query),
    } as const
    if (query.format === 'csv') return sendStream(reply.type(CSV_TYPE), await csvOf(readHistory, range, query.limit))
    const limit = query.limit ?? DEFAULT_LIMIT
    const page = pageOf(await readHistory({ ...range, limit: limit + 1 }), limit, timeCursor)
    return pageBody(page, request.url, historyPriceBody)
  })
}

const CSV_PAGE = 1_000

/**
 * Resolves once the first page is read, so that a database that is unavailable is an error and not half a file. Each
 * further page is read only after the reader has taken the previous one: memory does not grow with the range.
 */
async function csvOf(
  readHistory: ReadHistory,
  range: Omit<HistoryRequest, 'limit'>,
  limit = Number.POSITIVE_INFINITY,
): Promise<AsyncIterable<string>> {
  const first = await readHistory({ ...range, limit: Math.min(CSV_PAGE, limit) })
  return csvPages(first)

  async function* csvPages(page: readonly PastPrice[]) {
    let left = limit
    yield HISTORY_CSV_HEADER
    while (page.length > 0) {
      yield historyCsvLines(page)
      left -= page.length
      const isMore = page.length === CSV_PAGE && left > 0
      page = isMore ? await readHistory({ ...range, after: page.at(-1), limit: Math.min(CSV_PAGE, left) }) : []
    }
  }
}
