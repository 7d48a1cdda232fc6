import type { Instant } from './instant.ts'

/** A symbol of which there are prices. */
export type StoredSymbol = {
  readonly symbol: string
  readonly provider: string
  readonly providerSymbol: string
  readonly lastPriceAt: Instant | null
}

/** Those whose symbol holds the query, in the order of the alphabet, exact and leading matches first. */
export type FindStoredSymbols = (request: {
  readonly query?: string | undefined
  readonly provider?: string | undefined
  readonly limit: number
}) => Promise<readonly StoredSymbol[]>
