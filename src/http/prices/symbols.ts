import { Type, type Static } from 'typebox'
import { ServiceError } from '../../errors.ts'
import type { QuoteProvider, SymbolMatch } from '../../core/prices/quote.ts'
import type { FindStoredSymbols, StoredSymbol, SymbolKey } from '../../core/prices/symbols.ts'
import type { App } from '../server/app.ts'
import { listOf, pageBody, Paging, splitPage } from '../server/pagination.ts'
import { moment } from '../../formats/price.ts'
import { Problem, problemOf, problems } from '../server/problem.ts'
import type { ProviderNeeds } from './providers.ts'
import { CLOSED, DEFAULT_LIMIT, invalid, ProviderName } from '../server/query.ts'

export type SymbolNeeds = ProviderNeeds & {
  readonly findStoredSymbols: FindStoredSymbols
  /** Fires when the service ends. */
  readonly signal: AbortSignal
}

const SymbolQuery = Type.Object(
  {
    q: Type.Optional(
      Type.String({
        pattern: '^[^\\u0000-\\u001f]{1,100}$',
        description: 'Part of a symbol or name.',
        examples: ['AAPL'],
      }),
    ),
    provider: Type.Optional(ProviderName),
    ...Paging,
  },
  CLOSED,
)

const text = (description: string) => Type.Union([Type.String(), Type.Null()], { description })

const SymbolBody = Type.Object(
  {
    symbol: Type.String({ examples: ['AAPL'] }),
    provider: Type.String({ examples: ['yfinance'] }),
    provider_symbol: Type.String({ description: 'As the provider spells it.' }),
    name: text('Null where only our own table knows it.'),
    exchange: text('The provider’s word.'),
    kind: text('`equity`, `etf`, `cryptocurrency`, …'),
    is_stored: Type.Boolean({ description: 'Whether we have prices of it.' }),
    last_price_at: Type.Union([moment('Of its newest price.'), Type.Null()]),
  },
  { title: 'Symbol' },
)

const Symbols = Type.Object(
  {
    ...listOf(SymbolBody, '').properties,
    provider_error: Type.Optional(Problem),
  },
  {
    title: 'Symbols',
    description: 'With `provider_error` where the provider failed and only what is stored is listed.',
  },
)

export function symbolRoutes(app: App, needs: SymbolNeeds): void {
  const list = createSymbolList(needs)
  app.get(
    '/symbols',
    {
      schema: {
        operationId: 'findSymbols',
        tags: ['Providers'],
        summary: 'Find symbols: those with prices here, then those that the provider knows',
        description: 'Without `q`, what is stored.',
        querystring: SymbolQuery,
        response: {
          200: Symbols,
          ...problems(
            'unknown_provider',
            'provider_unavailable',
            'provider_bad_data',
            'provider_rate_limited',
            'provider_timeout',
          ),
        },
      },
    },
    async (request) => {
      const { rows, next, error } = await list({ ...request.query, limit: request.query.limit ?? DEFAULT_LIMIT })
      const body = pageBody(request, rows, next)
      return error ? { ...body, provider_error: problemOf(error, request.id) } : body
    },
  )
}

type Asked = Static<typeof SymbolQuery> & { readonly limit: number }
type Listed = Static<typeof SymbolBody>
type SymbolPage = { readonly rows: Listed[]; readonly next: string | null; readonly error?: ServiceError }

/** What is stored comes first; what only the provider knows follows on the page on which that ends. */
function createSymbolList({ sources, defaultProvider, findStoredSymbols, signal }: SymbolNeeds) {
  return async ({ q, provider, cursor, limit }: Asked): Promise<SymbolPage> => {
    const source = sources.get(provider ?? defaultProvider)
    const position = readCursor(cursor)
    const query = { query: q, provider: provider && source.name, after: position.after, limit: limit + 1 }
    const stored = splitPage(position.isPastStored ? [] : await findStoredSymbols(query), limit)
    const rows = stored.rows.map((one) => storedBody(one))
    if (stored.last) return { rows, next: cursorOf(`stored ${stored.last.symbol} ${stored.last.provider}`) }
    if (q === undefined) return { rows, next: null }

    const found = await search(source, q, signal)
    if (found instanceof ServiceError) {
      if (rows.length === 0) throw found
      return { rows, next: null, error: found }
    }
    const others = await unlisted(found, q, source.name)
    const end = position.skipped + limit - rows.length
    const next = others.length > end ? cursorOf(`found ${end}`) : null
    return { rows: [...rows, ...others.slice(position.skipped, end)], next }
  }

  /** Matches that are not listed as stored; those that are stored under another word than the one searched for say so. */
  async function unlisted(found: readonly SymbolMatch[], q: string, provider: string): Promise<Listed[]> {
    const symbols = found.map((match) => match.symbol)
    const stored = await findStoredSymbols({ provider, symbols, limit: symbols.length })
    const bySymbol = new Map(stored.map((one) => [one.symbol, one]))
    return found.flatMap((match) => {
      const ours = bySymbol.get(match.symbol)
      return ours && match.symbol.includes(q.toUpperCase()) ? [] : [matchBody(match, provider, ours)]
    })
  }
}

/** The provider's failing is told beside what is stored. */
async function search(source: QuoteProvider, q: string, signal: AbortSignal) {
  try {
    return (await source.searchSymbols?.(q, signal)) ?? []
  } catch (error) {
    if (error instanceof ServiceError) return error
    throw error
  }
}

type Place = {
  /** The last stored one that was listed. */
  readonly after?: SymbolKey | undefined
  readonly isPastStored: boolean
  /** How many of the provider's were listed. */
  readonly skipped: number
}

const STORED_CURSOR = /^stored ([!-~]{1,40}) ([!-~]{1,40})$/
const FOUND_CURSOR = /^found (\d{1,6})$/

function cursorOf(position: string): string {
  return Buffer.from(position).toString('base64url')
}

/** @throws ServiceError `invalid_request` for a cursor that is not one of ours */
function readCursor(cursor: string | undefined): Place {
  if (cursor === undefined) return { isPastStored: false, skipped: 0 }
  const position = Buffer.from(cursor, 'base64url').toString()
  const [, symbol, provider] = STORED_CURSOR.exec(position) ?? []
  if (symbol !== undefined && provider !== undefined)
    return { after: { symbol, provider }, isPastStored: false, skipped: 0 }
  const [, skipped] = FOUND_CURSOR.exec(position) ?? []
  if (skipped === undefined) throw invalid('/cursor', 'is not a cursor of this list')
  return { isPastStored: true, skipped: Number(skipped) }
}

function storedBody(stored: StoredSymbol): Static<typeof SymbolBody> {
  return {
    symbol: stored.symbol,
    provider: stored.provider,
    provider_symbol: stored.providerSymbol,
    name: null,
    exchange: null,
    kind: null,
    is_stored: true,
    last_price_at: stored.lastPriceAt,
  }
}

function matchBody(match: SymbolMatch, provider: string, stored: StoredSymbol | undefined): Static<typeof SymbolBody> {
  const { symbol, providerSymbol, name, exchange, kind } = match
  return {
    symbol,
    provider,
    provider_symbol: providerSymbol,
    name,
    exchange,
    kind,
    is_stored: stored !== undefined,
    last_price_at: stored?.lastPriceAt ?? null,
  }
}
