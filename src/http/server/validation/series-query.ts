import { Type } from 'typebox'
import type { FindStoredSymbols } from '../../../core/prices/symbols.ts'
import { canonicalSymbol } from '../../../lib/symbol.ts'
import {
  CLOSED,
  Currency,
  DEFAULT_LIMIT,
  invalid,
  MAX_LIMIT,
  ProviderName,
  ShortSymbolList,
  symbolsOf,
  SymbolText,
} from '../query.ts'

/** The members of a query for the rows of a symbol, or of several. */
export const SeriesMembers = {
  symbol: Type.Optional(SymbolText),
  symbols: Type.Optional(ShortSymbolList),
  provider: Type.Optional(ProviderName),
  currency: Type.Optional(Currency),
}

/** Closed, with exactly one of `symbol` and `symbols`. */
export const OF_SERIES = { ...CLOSED, 'x-one-of': [['symbol', 'symbols']] }

export type RequestedSymbols = { readonly symbol?: string | undefined; readonly symbols?: string | undefined }

/** The canonical symbols of a query, without duplicates. */
export function requestedSymbols({ symbol, symbols }: RequestedSymbols): string[] {
  return symbol === undefined ? symbolsOf(symbols ?? '') : [canonicalSymbol(symbol)]
}

export type OthersDeps = { readonly findStoredSymbols: FindStoredSymbols }

/** Enough for every provider of the most symbols of a query. */
const MAX_FOUND = 1_000

/** The providers besides this one that have prices of a symbol. */
export async function othersOf({ findStoredSymbols }: OthersDeps, symbol: string, provider: string): Promise<string[]> {
  const stored = await findStoredSymbols({ symbols: [symbol], limit: MAX_FOUND })
  return stored.flatMap((one) => (one.provider === provider || one.lastPriceAt === null ? [] : [one.provider]))
}

type Paged = RequestedSymbols & { readonly limit?: number | undefined; readonly cursor?: string | undefined }

/**
 * The number of rows of each symbol.
 * @throws ServiceError `invalid_request` for a cursor with several symbols, or for more rows than one answer may have
 */
export function rowLimit({ symbols, limit, cursor }: Paged, requested: readonly string[]): number {
  if (symbols === undefined) return limit ?? DEFAULT_LIMIT
  if (cursor !== undefined) throw invalid('/cursor', 'continues the list of one symbol; give symbol instead of symbols')
  const most = Math.floor(MAX_LIMIT / requested.length)
  if (limit !== undefined && limit > most) {
    throw invalid('/limit', `is for each symbol: at most ${most} with ${requested.length} symbols`)
  }
  return limit ?? Math.min(DEFAULT_LIMIT, most)
}
