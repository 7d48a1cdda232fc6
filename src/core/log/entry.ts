import type { Decimal } from '../../lib/decimal.ts'
import type { Instant } from '../../lib/instant.ts'
import type { LogPosition } from './position.ts'

/** One stored price in the log, with everything that a `price-events` message carries. */
export type LogEntry = {
  readonly position: LogPosition
  readonly priceId: string
  readonly seriesId: string
  readonly symbol: string
  readonly provider: string
  readonly currency: string | null
  readonly price: Decimal
  readonly eventTime: Instant
  readonly rawResponseId: string
  readonly correction: boolean
}

/** An event time of a series whose price is new or changed. */
export type Affected = { readonly seriesId: string; readonly eventTime: Instant }

/** An entry reduced to what averages need. */
export type PriceEntry = Affected &
  Pick<LogEntry, 'position' | 'price'> & {
    /** Whether it was the first price of its time, and newer than all others of its series, when it was stored. */
    readonly isNewest: boolean
  }

/** Reads the stable entries after a position, oldest first, at most `limit`. */
export type ReadLog = (after: LogPosition, limit: number) => Promise<readonly LogEntry[]>

/** As `ReadLog`, for averages. */
export type ReadPriceEntries = (after: LogPosition, limit: number) => Promise<readonly PriceEntry[]>
