import type { Decimal } from '../../lib/decimal.ts'
import { instantOfSqlTime, type Instant, type SqlTime } from '../../lib/instant.ts'

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

/**
 * A `PastPrice` as the database writes it, so that a page is not taken apart into values:
 * `id|event time|price|received at|recorded at|reply|revision|t or f|series|currency`. The times are `SqlTime`; without a
 * currency the last field is missing.
 */
export type PriceLine = string & { readonly [lineBrand]: 'price' }
declare const lineBrand: unique symbol

/** The fields of a `PriceLine`, as text. */
export type PriceFields = {
  readonly priceId: string
  readonly eventTime: SqlTime
  readonly price: string
  readonly receivedAt: SqlTime
  readonly recordedAt: SqlTime
  readonly rawResponseId: string
  readonly revision: string
  readonly isCorrection: boolean
  readonly seriesId: string
  readonly currency: string | null
}

const BEFORE_CURRENCY = 9

export function priceFieldsOf(line: PriceLine): PriceFields {
  const fields = line.split('|')
  const [priceId, eventTime, price, receivedAt, recordedAt, rawResponseId, revision, correction, seriesId] = fields
  return {
    priceId,
    eventTime,
    price,
    receivedAt,
    recordedAt,
    rawResponseId,
    revision,
    isCorrection: correction === 't',
    seriesId,
    currency: textAfter(fields, BEFORE_CURRENCY),
  } as PriceFields
}

/** The last field of a line, which may be missing, and alone may contain a bar. */
export function textAfter(fields: readonly string[], count: number): string | null {
  return fields.length > count + 1 ? fields.slice(count).join('|') : (fields[count] ?? null)
}

/** Where the page after this price starts. */
export function priceKeyOf(line: PriceLine): HistoryKey {
  const { eventTime, seriesId, revision } = priceFieldsOf(line)
  return { eventTime: instantOfSqlTime(eventTime), seriesId, revision: Number(revision) }
}

/** Stored prices by event time, at most `limit`; none for an unknown symbol. */
export type ReadHistory = (request: HistoryRequest) => Promise<readonly PriceLine[]>
