import type { Instant } from '../../lib/instant.ts'

/** A symbol with stored prices. */
export type StoredSymbol = {
  readonly symbol: string
  readonly provider: string
  readonly providerSymbol: string
  readonly lastPriceAt: Instant | null
}

/** The last symbol of a page; the next page continues after it. */
export type SymbolKey = Pick<StoredSymbol, 'symbol' | 'provider'>

/** The symbols that contain the query, in alphabetical order, exact matches and prefixes first. */
export type FindStoredSymbols = (request: {
  readonly query?: string | undefined
  readonly provider?: string | undefined
  /** Only these. */
  readonly symbols?: readonly string[] | undefined
  readonly after?: SymbolKey | undefined
  readonly limit: number
}) => Promise<readonly StoredSymbol[]>
