import { Type, type Static } from 'typebox'
import type { SymbolMatch } from '../core/prices/quote.ts'
import type { StoredSymbol } from '../core/prices/symbols.ts'
import { orNull, timestamp } from './json/fields.ts'
import { listOf } from './json/page.ts'
import { Problem } from './json/problem.ts'

const text = (description: string) => orNull(Type.String(), { description })

export const SymbolBody = Type.Object(
  {
    symbol: Type.String({ examples: ['AAPL'] }),
    provider: Type.String({ examples: ['yfinance'] }),
    provider_symbol: Type.String({ description: 'The symbol in the provider’s spelling.' }),
    name: text('As the provider names it.'),
    exchange: text('In the provider’s terms.'),
    currency: text('Of the newest stored price.'),
    type: text('`equity`, `etf`, `cryptocurrency`, …'),
    kind: text('The same as `type`, its name in version 0.1.0.'),
    is_stored: Type.Boolean({ description: 'Whether prices of it are stored.' }),
    last_price_at: orNull(timestamp('Timestamp of its newest price.')),
  },
  { title: 'Symbol' },
)
export type SymbolBody = Static<typeof SymbolBody>

export const Symbols = Type.Object(
  { ...listOf(SymbolBody, '').properties, provider_error: Type.Optional(Problem) },
  {
    title: 'Symbols',
    description: 'With `provider_error` if the provider failed; then only stored symbols are listed.',
  },
)

export function storedSymbolBody(stored: StoredSymbol): SymbolBody {
  return {
    symbol: stored.symbol,
    provider: stored.provider,
    provider_symbol: stored.providerSymbol,
    name: stored.name,
    exchange: stored.exchange,
    currency: stored.currency,
    type: stored.type,
    kind: stored.type,
    is_stored: true,
    last_price_at: stored.lastPriceAt,
  }
}

/** A symbol that the provider found, with what is stored of it. */
export function symbolMatchBody(match: SymbolMatch, provider: string, stored: StoredSymbol | undefined): SymbolBody {
  const { symbol, providerSymbol, name, exchange, kind } = match
  return {
    symbol,
    provider,
    provider_symbol: providerSymbol,
    name,
    exchange,
    currency: stored?.currency ?? null,
    type: kind,
    kind,
    is_stored: stored !== undefined,
    last_price_at: stored?.lastPriceAt ?? null,
  }
}

/** What a list gains if the provider failed. */
export function providerErrorBody(problem: Problem) {
  return { provider_error: problem }
}
