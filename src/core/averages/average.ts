import type { Decimal } from '../../lib/decimal.ts'
import type { HistoryKey, TimeRange } from '../prices/history.ts'
import type { Instant } from '../../lib/instant.ts'

export type AverageInput = { readonly priceId: string; readonly eventTime: Instant; readonly price: Decimal }

export type AveragesRequest = TimeRange & {
  readonly provider: string
  readonly symbol: string
  readonly window: number
  readonly currency?: string | undefined
  readonly withInputs: boolean
  readonly after?: Omit<HistoryKey, 'revision'> | undefined
}

export type MovingAverage = {
  readonly seriesId: string
  readonly currency: string | null
  readonly window: number
  readonly eventTime: Instant
  readonly average: Decimal
  readonly computedAt: Instant
  /** The prices whose mean it is, oldest first; null unless requested. */
  readonly inputs: readonly AverageInput[] | null
}

/** Stored averages by event time, at most `limit`. */
export type ReadAverages = (request: AveragesRequest) => Promise<readonly MovingAverage[]>

/** The newest average of a series; undefined while it has too few prices. */
export type ReadNewestAverage = (seriesId: string, window: number) => Promise<MovingAverage | undefined>
