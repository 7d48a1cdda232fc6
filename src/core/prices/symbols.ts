import type { Instant } from '../../lib/instant.ts'

/** A symbol of which there are prices. */
export type StoredSymbol = {
  readonly symbol: string
  readonly provider: string
  readonly providerSymbol: string
  readonly lastPriceAt: Instant | null
}

/** The last of a page, which the next one goes on behind. */
export type SymbolKey = Pick<StoredSymbol, 'symbol' | 'provider'>

/** Those whose symbol holds the query, in the order of the alphabet, exact and leading matches first. */
export type FindStoredSymbols = (request: {
  readonly query?: string | undefined
  readonly provider?: string | undefined
  /** Only these. */
  readonly symbols?: readonly string[] | undefined
  readonly after?: SymbolKey | undefined
  readonly limit: number
}) => Promise<readonly StoredSymbol[]>
