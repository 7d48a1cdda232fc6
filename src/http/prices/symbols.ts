import { Type, type Static } from 'typebox'
import { ServiceError } from '../../errors.ts'
import type { QuoteProvider, SymbolMatch } from '../../core/prices/quote.ts'
import type { FindStoredSymbols, SymbolKey } from '../../core/prices/symbols.ts'
import { pageBody } from '../../formats/json/page.ts'
import { problemOf } from '../../formats/json/problem.ts'
import { providerErrorBody, storedSymbolBody, symbolMatchBody, Symbols, type SymbolBody } from '../../formats/symbol.ts'
import { badCursor, decodeCursor, encodeCursor, pageOf, type Page } from '../../lib/pagination.ts'
import type { App } from '../server/app.ts'
import { isOfForeignPage } from '../server/responses/cors.ts'
import { Paging } from '../server/pagination.ts'
import { problems } from '../server/problem.ts'
import { providerOf, type ProviderDeps } from '../server/providers.ts'
import { CLOSED, DEFAULT_LIMIT, ProviderName } from '../server/query.ts'
import { cursorOf, RULES } from '../server/validation/rules.ts'

export type SymbolDeps = ProviderDeps & {
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
        'x-expects': 'text of 1 to 100 characters; leave it out to list all stored symbols',
        examples: ['AAPL'],
      }),
    ),
    provider: Type.Optional(ProviderName),
    ...Paging,
  },
  { ...CLOSED, [RULES]: [cursorOf((cursor) => readCursor(cursor))] },
)

export function symbolsRoute(app: App, deps: SymbolDeps): void {
  const findSymbols = createSymbolSearch(deps)
  const schema = {
    operationId: 'findSymbols',
    tags: ['Providers'],
    summary: 'Find symbols: stored ones first, then those that the provider finds',
    description: 'Without `q`, all stored symbols.',
    querystring: SymbolQuery,
    response: { 200: Symbols, ...problems('unknown_provider', ...SEARCH_ERRORS) },
  }
  app.get('/symbols', { schema }, async (request) => {
    const { query, url, id } = request
    const onlyStored = isOfForeignPage(request)
    const { page, error } = await findSymbols({ ...query, limit: query.limit ?? DEFAULT_LIMIT, onlyStored })
    const body = pageBody(page, url, (symbol) => symbol)
    return error ? { ...body, ...providerErrorBody(problemOf(error, id)) } : body
  })
}

const SEARCH_ERRORS = [
  'provider_unavailable',
  'provider_bad_data',
  'provider_rate_limited',
  'provider_timeout',
] as const

type SymbolRequest = Static<typeof SymbolQuery> & {
  readonly limit: number
  /** Never asks the provider. */
  readonly onlyStored: boolean
}
type SymbolPage = { readonly page: Page<SymbolBody>; readonly error?: ServiceError }

/** Stored symbols come first; those that only the provider knows start on the page on which the stored ones end. */
function createSymbolSearch({ findStoredSymbols, signal, ...providers }: SymbolDeps) {
  return async ({ q, provider: name, cursor, limit, onlyStored }: SymbolRequest): Promise<SymbolPage> => {
    const provider = providerOf(providers, name)
    const position = readCursor(cursor)
    const request = { query: q, provider: name && provider.name, after: position.after, limit: limit + 1 }
    const found = position.isPastStored ? [] : await findStoredSymbols(request)
    const stored = pageOf(found, limit, (last) => encodeCursor(`stored ${last.symbol} ${last.provider}`))
    const data = stored.data.map(storedSymbolBody)
    if (stored.nextCursor !== null || q === undefined || onlyStored)
      return { page: { data, nextCursor: stored.nextCursor } }

    const matches = await search(provider, q, signal)
    if (matches instanceof ServiceError) {
      if (data.length === 0) throw matches
      return { page: { data, nextCursor: null }, error: matches }
    }
    const others = await unlisted(matches, q, provider.name)
    const end = position.skipped + limit - data.length
    const nextCursor = others.length > end ? encodeCursor(`found ${end}`) : null
    return { page: { data: [...data, ...others.slice(position.skipped, end)], nextCursor } }
  }

  /** Matches that were not listed as stored. A stored one may be among them, if the provider found it by a name of its own. */
  async function unlisted(found: readonly SymbolMatch[], q: string, provider: string): Promise<SymbolBody[]> {
    const symbols = found.map((match) => match.symbol)
    const request = { provider, symbols, limit: symbols.length }
    const [stored, listed] = await Promise.all([
      findStoredSymbols(request),
      findStoredSymbols({ ...request, query: q }),
    ])
    const bySymbol = new Map(stored.map((one) => [one.symbol, one]))
    const isListed = new Set(listed.map((one) => one.symbol))
    return found.flatMap((match) =>
      isListed.has(match.symbol) ? [] : [symbolMatchBody(match, provider, bySymbol.get(match.symbol))],
    )
  }
}

/** The failure of a provider is a result: stored symbols are listed beside it. */
async function search(provider: QuoteProvider, q: string, signal: AbortSignal) {
  try {
    return (await provider.searchSymbols?.(q, signal)) ?? []
  } catch (error) {
    if (error instanceof ServiceError) return error
    throw error
  }
}

type ListPosition = {
  /** The last stored symbol that was listed. */
  readonly after?: SymbolKey | undefined
  readonly isPastStored: boolean
  /** How many of the provider's symbols were listed. */
  readonly skipped: number
}

const STORED_CURSOR = /^stored ([!-~]{1,40}) ([!-~]{1,40})$/
const FOUND_CURSOR = /^found (\d{1,6})$/

/** @throws ServiceError `invalid_request` for a cursor of another list */
function readCursor(cursor: string | undefined): ListPosition {
  if (cursor === undefined) return { isPastStored: false, skipped: 0 }
  const key = decodeCursor(cursor)
  const [, symbol, provider] = STORED_CURSOR.exec(key) ?? []
  if (symbol !== undefined && provider !== undefined)
    return { after: { symbol, provider }, isPastStored: false, skipped: 0 }
  const [, skipped] = FOUND_CURSOR.exec(key) ?? []
  if (skipped === undefined) throw badCursor()
  return { isPastStored: true, skipped: Number(skipped) }
}
