import type { Decimal } from '../../lib/decimal.ts'
import type { Instant } from '../../lib/instant.ts'

/** A position in the history of one symbol, in any currency: unique, and not moved by prices that are added later. */
export type HistoryKey = { readonly eventTime: Instant; readonly seriesId: string; readonly revision: number }

export type TimeRange = {
  /** Inclusive. */
  readonly from?: Instant | undefined
  /** Exclusive. */
  readonly to?: Instant | undefined
  readonly order: 'asc' | 'desc'
  readonly limit: number
}

export type HistoryRequest = TimeRange & {
  readonly provider: string
  readonly symbol: string
  /** If absent, the series of every currency. */
  readonly currency?: string | undefined
  /** Whether to include prices that a later revision of the same time has replaced. */
  readonly withSuperseded: boolean
  readonly after?: HistoryKey | undefined
}

export type PastPrice = HistoryKey & {
  readonly priceId: string
  readonly price: Decimal
  readonly currency: string | null
  readonly receivedAt: Instant
  readonly recordedAt: Instant
  readonly rawResponseId: string
  readonly correction: boolean
}

/** Stored prices by event time, at most `limit`; none for an unknown symbol. */
export type ReadHistory = (request: HistoryRequest) => Promise<readonly PastPrice[]>
