import type { Decimal } from '../../lib/decimal.ts'
import { textAfter, type HistoryKey, type TimeRange } from '../prices/history.ts'
import { instantOfSqlTime, type Instant, type SqlTime } from '../../lib/instant.ts'

export type AverageInput = { readonly priceId: string; readonly eventTime: Instant; readonly price: Decimal }

export type AveragesRequest = TimeRange & {
  readonly provider: string
  readonly symbol: string
  readonly window: number
  readonly currency?: string | undefined
  readonly after?: HistoryKey | undefined
}

export type MovingAverage = {
  readonly seriesId: string
  readonly currency: string | null
  readonly window: number
  readonly eventTime: Instant
  readonly average: Decimal
  readonly computedAt: Instant
  /** The prices whose mean it is, oldest first; null if they were not read. */
  readonly inputs: readonly AverageInput[] | null
}

/** Stored averages with their inputs by event time, at most `limit`. */
export type ReadAverages = (request: AveragesRequest) => Promise<readonly MovingAverage[]>

/**
 * A `MovingAverage` without inputs as the database writes it: `event time|average|computed at|series|currency`. The times are
 * `SqlTime`; without a currency the last field is missing.
 */
export type AverageLine = string & { readonly [lineBrand]: 'average' }
declare const lineBrand: unique symbol

/** The fields of an `AverageLine`, as text. */
export type AverageFields = {
  readonly eventTime: SqlTime
  readonly average: string
  readonly computedAt: SqlTime
  readonly seriesId: string
  readonly currency: string | null
}

const BEFORE_CURRENCY = 4

export function averageFieldsOf(line: AverageLine): AverageFields {
  const fields = line.split('|')
  const [eventTime, average, computedAt, seriesId] = fields
  return { eventTime, average, computedAt, seriesId, currency: textAfter(fields, BEFORE_CURRENCY) } as AverageFields
}

/** Where the page after this average starts; an average has no revisions. */
export function averageKeyOf(line: AverageLine): HistoryKey {
  const { eventTime, seriesId } = averageFieldsOf(line)
  return { eventTime: instantOfSqlTime(eventTime), seriesId, revision: 0 }
}

/** The same averages as `ReadAverages`, as lines, without their inputs. */
export type ReadAverageLines = (request: AveragesRequest) => Promise<readonly AverageLine[]>

/** The newest average of a series; undefined while it has too few prices. */
export type ReadNewestAverage = (seriesId: string, window: number) => Promise<MovingAverage | undefined>
