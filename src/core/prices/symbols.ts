import type { Instant } from '../../lib/instant.ts'

/** A symbol with stored prices. */
export type StoredSymbol = {
  readonly symbol: string
  readonly provider: string
  readonly providerSymbol: string
  readonly lastPriceAt: Instant | null
  /** Of its newest price. */
  readonly currency: string | null
  /** As the provider names it; this and the following are null if it does not. */
  readonly name: string | null
  readonly exchange: string | null
  readonly type: string | null
}

/** The last symbol of a page; the next page continues after it. */
export type SymbolKey = Pick<StoredSymbol, 'symbol' | 'provider'>

/** The symbols that contain the query in their spelling or their name, in alphabetical order, exact matches and prefixes first. */
export type FindStoredSymbols = (request: {
  readonly query?: string | undefined
  readonly provider?: string | undefined
  /** Only these. */
  readonly symbols?: readonly string[] | undefined
  readonly after?: SymbolKey | undefined
  readonly limit: number
}) => Promise<readonly StoredSymbol[]>
