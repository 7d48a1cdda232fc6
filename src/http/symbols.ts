import { Type, type Static } from 'typebox'
import { ServiceError } from '../errors.ts'
import type { SymbolMatch } from '../prices/quote.ts'
import type { FindStoredSymbols } from '../prices/stored-symbols.ts'
import type { App } from './app.ts'
import { listOf, pageBody, Paging } from './page.ts'
import { moment } from './price-body.ts'
import { Problem, problemOf, problems } from './problem.ts'
import type { ProviderNeeds } from './providers.ts'
import { CLOSED, DEFAULT_LIMIT, ProviderName } from './query.ts'

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
    limit: Paging.limit,
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
  const { sources, defaultProvider, findStoredSymbols, signal } = needs
  app.get(
    '/symbols',
    {
      schema: {
        operationId: 'findSymbols',
        tags: ['Sources'],
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
      const { q, provider, limit = DEFAULT_LIMIT } = request.query
      const source = sources.get(provider ?? defaultProvider)
      const stored = await findStoredSymbols({ query: q, provider: provider && source.name, limit })
      const found =
        q === undefined || !source.searchSymbols ? [] : await search(() => source.searchSymbols?.(q, signal))
      if (found instanceof ServiceError && stored.length === 0) throw found
      const known = stored.map((one) => storedBody(one))
      const body = pageBody(request, known, null)
      if (found instanceof ServiceError) return { ...body, provider_error: problemOf(found, request.id) }
      const seen = new Set(stored.filter((one) => one.provider === source.name).map((one) => one.symbol))
      const others = found.filter((match) => !seen.has(match.symbol)).map((match) => matchBody(match, source.name))
      return { ...body, data: [...known, ...others].slice(0, limit) }
    },
  )
}

/** The provider's failing is told beside what is stored. */
async function search(ask: () => Promise<readonly SymbolMatch[]> | undefined) {
  try {
    return (await ask()) ?? []
  } catch (error) {
    if (error instanceof ServiceError) return error
    throw error
  }
}

type Stored = Awaited<ReturnType<FindStoredSymbols>>[number]

function storedBody(stored: Stored): Static<typeof SymbolBody> {
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

function matchBody(match: SymbolMatch, provider: string): Static<typeof SymbolBody> {
  const { symbol, providerSymbol, name, exchange, kind } = match
  return {
    symbol,
    provider,
    provider_symbol: providerSymbol,
    name,
    exchange,
    kind,
    is_stored: false,
    last_price_at: null,
  }
}
