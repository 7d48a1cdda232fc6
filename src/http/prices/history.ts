import { Type, type Static } from 'typebox'
import { priceKeyOf, type HistoryRequest, type PriceLine, type ReadHistory } from '../../core/prices/history.ts'
import { createSymbolVersions, type ReadAdditions } from '../../core/log/symbol-versions.ts'
import {
  HISTORY_CSV_HEADER,
  HistoryCsv,
  historyCsvLines,
  HistoryPrice,
  historyPriceText,
} from '../../formats/history.ts'
import { bySymbolOf, listOfSymbol } from '../../formats/json/page.ts'
import type { Clock } from '../../lib/clock.ts'
import { pageOf, timeCursor, timeKeyOf, type Page } from '../../lib/pagination.ts'
import type { App } from '../server/app.ts'
import { Paging } from '../server/pagination.ts'
import { problems } from '../server/problem.ts'
import { providerOf, type ProviderDeps } from '../server/providers.ts'
import { MAX_LIMIT, Range, rangeOf } from '../server/query.ts'
import { JSON_TYPE, NotModified, sendBody, type Body } from '../server/responses/body.ts'
import { createBodyCache } from '../server/responses/body-cache.ts'
import { CSV_TYPE, Format, readAccept, sendTable, type Table } from '../server/responses/csv-table.ts'
import { symbolListText } from '../server/responses/symbol-list.ts'
import { addVary } from '../server/responses/vary.ts'
import { rangeInOrder } from '../server/validation/rules.ts'
import {
  cursorOfSeries,
  limitOfEach,
  ofSeries,
  requestedSymbols,
  rowLimit,
  SeriesMembers,
  type OthersDeps,
} from '../server/validation/series-query.ts'

export type HistoryDeps = ProviderDeps &
  OthersDeps & { readonly readHistory: ReadHistory; readonly readAdditions: ReadAdditions; readonly clock: Clock }

const HistoryQuery = Type.Object(
  {
    ...SeriesMembers,
    ...Range,
    ...Paging,
    include: Type.Optional(
      Type.Literal('superseded', { description: 'Include prices that a later revision has superseded.' }),
    ),
    ...Format,
  },
  ofSeries(cursorOfSeries, rangeInOrder, limitOfEach(mostRows)),
)

/** CSV is streamed, however long it is. */
function mostRows({ format }: { readonly format?: unknown }): number {
  return format === 'csv' ? Number.POSITIVE_INFINITY : MAX_LIMIT
}

type HistoryQuery = Static<typeof HistoryQuery>

const History = listOfSymbol(HistoryPrice, 'History')
const Histories = bySymbolOf(HistoryPrice, 'Histories')

export function historyRoute(app: App, deps: HistoryDeps): void {
  const remember = createPageMemory(deps)
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
      304: NotModified,
      ...problems('unknown_provider'),
    },
  }
  app.get('/prices/history', { schema, preValidation: readAccept }, async (request, reply) => {
    const { query, url } = request
    const range = rangeIn(query, providerOf(deps, query.provider).name)
    addVary(reply, 'accept')
    if (query.format === 'csv') return sendTable(reply, tableOf(deps, range, query))
    const symbols = requestedSymbols(query)
    const limit = rowLimit(query.limit, symbols)
    const pageOfSymbol = (symbol: string) => readPage(deps.readHistory, { ...range, symbol, limit })
    const body = await remember(url, symbols, () => symbolListText(app, { deps, query, url, ...range }, pageOfSymbol))
    return sendBody(request, reply.type(JSON_TYPE), body)
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

async function readPage(readHistory: ReadHistory, { limit, ...request }: HistoryRequest): Promise<Page<string>> {
  const lines = await readHistory({ ...request, limit: limit + 1 })
  const { data, nextCursor } = pageOf(lines, limit, (last) => timeCursor(priceKeyOf(last)))
  return { data: data.map(historyPriceText), nextCursor }
}

function tableOf(
  { readHistory }: HistoryDeps,
  { provider, after, ...range }: Range,
  { limit, ...query }: HistoryQuery,
): Table<PriceLine> {
  const symbols = requestedSymbols(query)
  return {
    header: HISTORY_CSV_HEADER,
    symbols,
    after,
    limit,
    read: (page) => readHistory({ ...range, provider, ...page }),
    keyOf: priceKeyOf,
    textOf: (lines, symbol) => historyCsvLines(lines, { symbol, provider }),
    name: `${symbols.length === 1 ? symbols[0] : 'prices'}-${provider}`,
  }
}

const MAX_BYTES = 16 * 1024 * 1024
/** A deletion by retention does not show in a version: it shows this much later. */
const LIFETIME_MS = 1_000

/**
 * Keeps finished pages by their address. Before a kept page is sent, the log is asked whether one of its symbols has had a
 * price since, from any process: a late price, a correction and a new price are in the next answer. A page that is not kept
 * costs no such question.
 */
function createPageMemory({ readAdditions, clock }: HistoryDeps) {
  const versions = createSymbolVersions(readAdditions)
  const bodies = createBodyCache({ maxBytes: MAX_BYTES, lifetimeMs: LIFETIME_MS, clock })
  return async (url: string, symbols: readonly string[], make: () => Promise<string>): Promise<Body> => {
    const known = versions.of(symbols)
    if (known === undefined || bodies.has(url, known)) await versions.update()
    return bodies.get(url, versions.of(symbols) ?? '', make)
  }
}
