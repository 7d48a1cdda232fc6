import type { ServiceError } from '../../errors.ts'
import type { Decimal } from '../../lib/decimal.ts'
import type { Instant } from '../../lib/instant.ts'

/** `always`: the market never closes (cryptocurrencies). */
export type MarketState = 'pre' | 'open' | 'post' | 'closed' | 'always' | 'unknown'

/** A price outside the regular session, given beside the regular price and never in its place. */
export type ExtendedPrice = { readonly price: Decimal; readonly timestamp: Instant; readonly session: 'pre' | 'post' }

/** One price of a provider: as quoted, in the unit that `currency` names (`GBp` is pence), nothing converted. */
export type Quote = {
  /** Canonical, see `canonicalSymbol`. */
  readonly symbol: string
  readonly provider: string
  /** The provider's own spelling (`BRK-B`). */
  readonly providerSymbol: string
  /** ISO 4217, or the provider's code of a minor unit (`GBp`, `USX`, `ZAc`, `ILA`); null if it names none. */
  readonly currency: string | null
  readonly price: Decimal
  /** When the price was made, according to the provider. */
  readonly eventTime: Instant
  readonly marketState: MarketState
  /** The feed's own delay in seconds; null if the provider does not state it. */
  readonly delaySeconds: number | null
  readonly previousClose: Decimal | null
  readonly extended: ExtendedPrice | null
}

/** What a provider says about a symbol itself, each null if it does not. */
export type SymbolDetails = {
  readonly name: string | null
  /** For people: `NasdaqGS`. */
  readonly exchange: string | null
  /** The provider's code: `NMS`. */
  readonly exchangeCode: string | null
  /** The kind of instrument, lower case: `equity`, `etf`. */
  readonly type: string | null
}

/** The result for one requested symbol: a quote, or the error that explains why there is none. */
export type QuoteResult =
  | {
      readonly symbol: string
      readonly quote: Quote
      readonly details?: SymbolDetails | undefined
      /** Why a part of the quote besides its price was left out; the reply is then kept as evidence. */
      readonly leftOut?: ServiceError | undefined
    }
  | { readonly symbol: string; readonly error: ServiceError }

/** One reply of a provider, byte for byte. */
export type RawReply = {
  readonly provider: string
  /** The canonical symbols of the request. */
  readonly symbols: readonly string[]
  /** The request, for people: method and address without any secret. */
  readonly request: string
  /** HTTP status; 200 for replies without HTTP. */
  readonly status: number
  readonly body: Uint8Array
  readonly receivedAt: Instant
  /** Version of the parser: `verify` compares only replies that the current version parsed. */
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
  /** One sentence for people: what it offers, what it needs. */
  readonly description?: string
  readonly parserVersion: number
  /** The most symbols that one request may carry. */
  readonly maxBatch: number
  /** False for prices that come from files: nothing can be requested, and the newest stored price is the answer. */
  readonly canBePolled?: boolean
  /** Polling more often than this is unwise, in seconds. */
  readonly advisedIntervalSeconds: number
  /**
   * Requests all symbols (at most `maxBatch`, canonical) at once. Has its own timeout besides the signal.
   * @throws ServiceError provider_unavailable, provider_timeout, provider_rate_limited or provider_bad_data,
   * when the reply as a whole is unusable
   */
  fetchReply(symbols: readonly string[], signal: AbortSignal): Promise<RawReply>
  /** Pure: one result for each requested symbol, in the order of `reply.symbols`; an invalid quote never affects others. */
  parseReply(reply: RawReply): readonly QuoteResult[]
  /** Finds symbols by name; absent if the provider cannot. */
  readonly searchSymbols?: SearchSymbols
}

/** A provider as the registry lists it. */
export type RegisteredProvider = QuoteProvider & { readonly capabilities: Capabilities }

export type SymbolMatch = {
  readonly symbol: string
  readonly providerSymbol: string
  readonly name: string | null
  readonly exchange: string | null
  /** The provider's name for the kind of instrument, lower case (`equity`, `etf`, `cryptocurrency`). */
  readonly kind: string | null
}

export type SearchSymbols = (query: string, signal: AbortSignal) => Promise<readonly SymbolMatch[]>

/** A stored price, with the current state of its series. */
export type StoredPrice = Quote & {
  readonly priceId: string
  readonly seriesId: string
  /** 1 for the first price of its event time; each later one supersedes the one before. */
  readonly revision: number
  /** Whether the provider changed the price after a newer time of the series existed. */
  readonly correction: boolean
  /** When the reply that contained it was received. */
  readonly receivedAt: Instant
  readonly recordedAt: Instant
  /** When the provider last reported the same price. */
  readonly confirmedAt: Instant
  readonly rawResponseId: string
  /** As the provider names the symbol; absent if it does not. */
  readonly name?: string
}

/** `confirmed`: the price was already stored. `outdated`: a newer reply had already superseded it. */
export type RecordOutcome = 'recorded' | 'corrected' | 'confirmed' | 'outdated'

export type RecordResult =
  | {
      readonly symbol: string
      readonly outcome: RecordOutcome
      readonly price: StoredPrice
      /** SHA-256 of the reply's bytes, in hex: all that is kept of a reply without new prices. */
      readonly replySha256: string
    }
  | { readonly symbol: string; readonly error: ServiceError }

/** Stores a reply and its prices in one transaction; the results have the order of the quotes. */
export type StoreReply = (reply: RawReply, results: readonly QuoteResult[]) => Promise<readonly RecordResult[]>
