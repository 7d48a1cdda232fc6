import type { ServiceError } from '../../errors.ts'
import type { Decimal } from '../../lib/decimal.ts'
import type { Instant } from '../../lib/instant.ts'

/** `always` trades round the clock (crypto currencies). */
export type MarketState = 'pre' | 'open' | 'post' | 'closed' | 'always' | 'unknown'

/** A price outside the regular session, given beside the regular price and never in its place. */
export type ExtendedPrice = { readonly price: Decimal; readonly timestamp: Instant; readonly session: 'pre' | 'post' }

/** One price as a provider states it: as quoted, in the unit named by `currency` (`GBp` is pence), nothing converted. */
export type Quote = {
  /** Canonical, see `canonicalSymbol`. */
  readonly symbol: string
  readonly provider: string
  /** The provider's own spelling (`BRK-B`). */
  readonly providerSymbol: string
  /** ISO 4217, or the provider's code of a minor unit (`GBp`, `USX`, `ZAc`, `ILA`); null where it names none. */
  readonly currency: string | null
  readonly price: Decimal
  /** When the price was made, by the provider's clock. */
  readonly eventTime: Instant
  readonly marketState: MarketState
  /** The feed's own delay in seconds; null where the provider does not say. */
  readonly delaySeconds: number | null
  readonly previousClose: Decimal | null
  readonly extended: ExtendedPrice | null
}

/** What a reply says of one symbol that was asked: a quote, or why there is none. */
export type QuoteResult =
  | { readonly symbol: string; readonly quote: Quote }
  | { readonly symbol: string; readonly error: ServiceError }

/** One reply of a provider, byte for byte. */
export type RawReply = {
  readonly provider: string
  /** The canonical symbols that were asked. */
  readonly symbols: readonly string[]
  /** What was asked, for people: method and address without any secret. */
  readonly request: string
  /** HTTP status, or 200 where no HTTP was spoken. */
  readonly status: number
  readonly body: Uint8Array
  readonly receivedAt: Instant
  /** The version of the code that reads it: `verify` compares only replies of the version that runs. */
  readonly parserVersion: number
}

/** What a provider offers. */
export type Capabilities = {
  /** Current prices. */
  readonly quotes: boolean
  /** Open, high, low, close and volume of past intervals. */
  readonly bars: boolean
  /** Prices that the provider sends as they are made, without a request for each. */
  readonly stream: boolean
  /** Symbols by name. */
  readonly search: boolean
}

/** A provider's current quotes: build the request, fetch, parse; only `fetchReply` does I/O. */
export type QuoteProvider = {
  readonly name: string
  /** One sentence for people: what it gives, what it needs. */
  readonly description?: string
  readonly parserVersion: number
  /** The most symbols that one request may carry. */
  readonly maxBatch: number
  /** Polling more often than this is unwise, in seconds. */
  readonly advisedIntervalSeconds: number
  /**
   * Asks for all symbols (at most `maxBatch`, canonical) at once. Has its own timeout besides the signal.
   * @throws ServiceError provider_unavailable, provider_timeout, provider_rate_limited or provider_bad_data,
   * when the reply as a whole is unusable
   */
  fetchReply(symbols: readonly string[], signal: AbortSignal): Promise<RawReply>
  /** Pure: one result for each symbol asked, in the order of `reply.symbols`; one bad quote never spoils the others. */
  parseReply(reply: RawReply): readonly QuoteResult[]
  /** Looks symbols up by name; absent where the provider cannot. */
  readonly searchSymbols?: SearchSymbols
}

/** A provider as the registry lists it. */
export type RegisteredProvider = QuoteProvider & { readonly capabilities: Capabilities }

export type SymbolMatch = {
  readonly symbol: string
  readonly providerSymbol: string
  readonly name: string | null
  readonly exchange: string | null
  /** The provider's word for the kind of instrument, lower case (`equity`, `etf`, `cryptocurrency`). */
  readonly kind: string | null
}

export type SearchSymbols = (query: string, signal: AbortSignal) => Promise<readonly SymbolMatch[]>

/** A price as it is kept, with what is known of its series now. */
export type StoredPrice = Quote & {
  readonly priceId: string
  readonly seriesId: string
  /** 1 for the first price of its event time; each later one supersedes the one before. */
  readonly revision: number
  /** True where the provider changed a price after a newer time of the series existed. */
  readonly correction: boolean
  /** When the reply that brought it came in. */
  readonly receivedAt: Instant
  readonly recordedAt: Instant
  /** When the provider last said the same. */
  readonly confirmedAt: Instant
  readonly rawResponseId: string
}

/** `confirmed`: nothing new was said. `outdated`: the reply was older than what superseded it already. */
export type RecordOutcome = 'recorded' | 'corrected' | 'confirmed' | 'outdated'

export type RecordResult =
  | {
      readonly symbol: string
      readonly outcome: RecordOutcome
      readonly price: StoredPrice
      /** Of the bytes of the reply, in hex: all that is left of a reply that brought nothing new. */
      readonly replySha256: string
    }
  | { readonly symbol: string; readonly error: ServiceError }

/** Keeps a reply and the prices in it in one transaction; results come back in the order given. */
export type StoreReply = (reply: RawReply, results: readonly QuoteResult[]) => Promise<readonly RecordResult[]>
