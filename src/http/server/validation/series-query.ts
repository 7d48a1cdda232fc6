import { Type } from 'typebox'
import type { FindStoredSymbols } from '../../../core/prices/symbols.ts'
import { timeKeyOf } from '../../../lib/pagination.ts'
import { canonicalSymbol } from '../../../lib/symbol.ts'
import {
  CLOSED,
  Currency,
  DEFAULT_LIMIT,
  MAX_LIMIT,
  ProviderName,
  ShortSymbolList,
  symbolsOf,
  SymbolText,
} from '../query.ts'
import { cursorOf, mistake, oneOf, RULES, type Rule } from './rules.ts'
import { symbolListMistakes } from './symbol-mistakes.ts'

/** The members of a query for the rows of a symbol, or of several. */
export const SeriesMembers = {
  symbol: Type.Optional(SymbolText),
  symbols: Type.Optional(ShortSymbolList),
  provider: Type.Optional(ProviderName),
  currency: Type.Optional(Currency),
}

/** Closed, with exactly one of `symbol` and `symbols`, and further rules. */
export function ofSeries(...rules: readonly Rule[]) {
  return { ...CLOSED, [RULES]: [oneOf('symbol', 'symbols'), ...rules] }
}

export type RequestedSymbols = { readonly symbol?: string | undefined; readonly symbols?: string | undefined }

/** The canonical symbols of a query, without duplicates. */
export function requestedSymbols({ symbol, symbols }: RequestedSymbols): string[] {
  return symbol === undefined ? symbolsOf(symbols ?? '') : [canonicalSymbol(symbol)]
}

export type OthersDeps = { readonly findStoredSymbols: FindStoredSymbols }

/** Enough for every provider of the most symbols of a query. */
const MAX_FOUND = 1_000

/** The providers besides this one that have prices of a symbol. */
export async function othersOf(deps: OthersDeps, symbol: string, provider: string): Promise<string[]> {
  return (await othersOfEach(deps, [symbol], provider)).get(symbol) ?? []
}

/** The same by symbol; without those that no other provider has. */
export async function othersOfEach({ findStoredSymbols }: OthersDeps, symbols: readonly string[], provider: string) {
  const stored = symbols.length === 0 ? [] : await findStoredSymbols({ symbols, limit: MAX_FOUND })
  const others = new Map<string, string[]>()
  for (const one of stored) {
    if (one.provider === provider || one.lastPriceAt === null) continue
    others.set(one.symbol, [...(others.get(one.symbol) ?? []), one.provider])
  }
  return others
}

const timeCursor = cursorOf(timeKeyOf)

/** A cursor of a list over time; it continues the list of one symbol. */
export const cursorOfSeries: Rule = (members) => {
  const { cursor, symbols } = members
  if (cursor === undefined || symbols === undefined) return timeCursor(members)
  return mistake('cursor', 'continues the list of one symbol; give symbol instead of symbols')
}

type Members = Readonly<Record<string, unknown>>

/**
 * `limit` is for each symbol.
 * @param mostRows of all symbols together, for this query
 */
export function limitOfEach(mostRows: (members: Members) => number): Rule {
  return (members) => {
    const { symbol, symbols = symbol, limit } = members
    const most = mostRows(members)
    if (typeof limit !== 'number' || limit > MAX_LIMIT || typeof symbols !== 'string') return []
    if (symbolListMistakes(symbols, MAX_LIMIT).length > 0) return []
    const count = symbolsOf(symbols).length
    const mostOfEach = Math.floor(most / count)
    if (limit <= mostOfEach) return []
    const inputs = most < MAX_LIMIT ? ' with inputs' : ''
    if (count === 1) return mistake('limit', `is at most ${mostOfEach}${inputs}`)
    return mistake('limit', `is for each symbol: at most ${mostOfEach} with ${count} symbols${inputs}`)
  }
}

/** The number of rows of each symbol. @param mostRows of all symbols together */
export function rowLimit(limit: number | undefined, symbols: readonly string[], mostRows = MAX_LIMIT): number {
  return limit ?? Math.min(DEFAULT_LIMIT, Math.floor(mostRows / symbols.length))
}
