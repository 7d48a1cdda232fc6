import { Readable } from 'node:stream'
import { stringify } from 'csv-stringify/sync'
import { Type, type Static } from 'typebox'
import type { HistoryRequest, PastPrice, ReadHistory } from '../../core/prices/history.ts'
import { canonicalSymbol } from '../../lib/symbol.ts'
import type { App } from '../server/app.ts'
import { ExactNumber, exactNumber } from '../../formats/exact-number.ts'
import { listOf, pageBody, Paging, splitPage, timeCursor, timeKeyOf } from '../server/pagination.ts'
import { id, moment } from '../../formats/price.ts'
import { problems } from '../server/problem.ts'
import type { ProviderNeeds } from './providers.ts'
import { CLOSED, Currency, DEFAULT_LIMIT, ProviderName, Range, rangeOf, SymbolText } from '../server/query.ts'

export type HistoryNeeds = ProviderNeeds & { readonly readHistory: ReadHistory }

const HistoryQuery = Type.Object(
  {
    symbol: SymbolText,
    provider: Type.Optional(ProviderName),
    currency: Type.Optional(Currency),
    ...Range,
    ...Paging,
    include: Type.Optional(
      Type.Literal('superseded', { description: 'Also prices that another of the same time has replaced.' }),
    ),
    format: Type.Optional(
      Type.Enum(['json', 'csv'], {
        default: 'json',
        description: '`csv` streams the whole range where no `limit` is given.',
      }),
    ),
  },
  CLOSED,
)

export const HistoryPrice = Type.Object(
  {
    price_id: id('See /prices/{id}/lineage.'),
    timestamp: moment('When the price was made.'),
    price: ExactNumber,
    currency: Type.Union([Type.String(), Type.Null()], { examples: ['USD'] }),
    received_at: moment('When we first saw it.'),
    recorded_at: moment('When it was stored.'),
    raw_response_id: id('See /raw-responses/{id}.'),
    revision: Type.Integer({ description: 'From 1; a later one of the same time supersedes.', examples: [1] }),
    correction: Type.Boolean({ description: 'The provider changed it after a newer time existed.' }),
  },
  { title: 'HistoryPrice' },
)

const Csv = Type.String({ description: 'A header, then a line for each price; the same members as in JSON.' })

export function historyRoutes(app: App, { readHistory, sources, defaultProvider }: HistoryNeeds): void {
  app.get(
    '/prices/history',
    {
      schema: {
        operationId: 'listPrices',
        tags: ['Prices'],
        summary: 'Stored prices of a symbol by their time',
        description: 'Newest first unless `order=asc`; a symbol that was never seen has an empty list.',
        querystring: HistoryQuery,
        response: {
          200: {
            description: 'A page of prices.',
            content: {
              'application/json': { schema: listOf(HistoryPrice, 'History') },
              'text/csv; charset=utf-8': { schema: Csv },
            },
          },
          ...problems('unknown_provider'),
        },
      },
    },
    async (request, reply) => {
      const { query } = request
      const asked = {
        symbol: canonicalSymbol(query.symbol),
        provider: sources.get(query.provider ?? defaultProvider).name,
        currency: query.currency,
        order: query.order ?? 'desc',
        withSuperseded: query.include === 'superseded',
        after: timeKeyOf(query.cursor),
        ...rangeOf(query),
      } as const
      if (query.format === 'csv') {
        const csv = await csvOf(readHistory, asked, query.limit)
        return reply.type('text/csv; charset=utf-8').send(csv as unknown as string)
      }
      const limit = query.limit ?? DEFAULT_LIMIT
      const { rows, last } = splitPage(await readHistory({ ...asked, limit: limit + 1 }), limit)
      return pageBody(request, rows.map(historyBody), last ? timeCursor(last) : null)
    },
  )
}

export function historyBody(price: PastPrice): Static<typeof HistoryPrice> {
  return {
    price_id: price.priceId,
    timestamp: price.eventTime,
    price: exactNumber(price.price),
    currency: price.currency,
    received_at: price.receivedAt,
    recorded_at: price.recordedAt,
    raw_response_id: price.rawResponseId,
    revision: price.revision,
    correction: price.correction,
  }
}

const CSV_PAGE = 1_000

type Asked = Omit<HistoryRequest, 'limit'>

/**
 * Resolves when the first page is read, so that a database that is away is an error and not half a file. Each further page
 * is read when the reader took the one before: memory stays the same however long the range is.
 */
async function csvOf(readHistory: ReadHistory, asked: Asked, limit = Number.POSITIVE_INFINITY): Promise<Readable> {
  const first = await readHistory({ ...asked, limit: Math.min(CSV_PAGE, limit) })
  return Readable.from(csvPages(first))

  async function* csvPages(start: readonly PastPrice[]) {
    let [page, left] = [start, limit]
    yield stringify([CSV_COLUMNS])
    while (page.length > 0) {
      yield stringify(page.map(csvRow), { columns: CSV_COLUMNS, cast: { boolean: String } })
      left -= page.length
      const isMore = page.length === CSV_PAGE && left > 0
      page = isMore ? await readHistory({ ...asked, after: page.at(-1), limit: Math.min(CSV_PAGE, left) }) : []
    }
  }
}

const CSV_COLUMNS = Object.keys(HistoryPrice.properties)

/** As in JSON, but for the price, which is its own text. */
function csvRow(price: PastPrice): object {
  return Object.assign(historyBody(price), { price: price.price })
}
