import type { Decimal } from './decimal.ts'
import type { Instant } from './instant.ts'

/** A place in the log. Rows are read in the order of (epoch, xid, id) and only once no earlier one can still appear. */
export type LogPlace = { readonly epoch: string; readonly xid: string; readonly id: string }

export const LOG_START: LogPlace = { epoch: '0', xid: '0', id: '0' }

/** One price as the log tells it: the five members of a `price-events` message, and where it stands. */
export type LogEntry = {
  readonly place: LogPlace
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

/** A point in time of a series whose price is new or was changed. */
export type Touched = { readonly seriesId: string; readonly eventTime: Instant }

/** Settled entries behind a place, oldest first. */
export type ReadLog = (after: LogPlace, limit: number) => Promise<readonly LogEntry[]>

/** The reader that announces the log: up to its place everybody was told. */
export const RELAY_READER = 'relay'

/** As many digits as surely fit the database's types: places come from outside. */
const PLACE = /^(\d{1,9})-(\d{1,19})-(\d{1,18})$/

export function placeText(place: LogPlace): string {
  return `${place.epoch}-${place.xid}-${place.id}`
}

export function parsePlace(text: string): LogPlace | undefined {
  const match = PLACE.exec(text)
  return match ? { epoch: match[1] ?? '', xid: match[2] ?? '', id: match[3] ?? '' } : undefined
}

/** Negative, zero or positive. */
export function comparePlaces(a: LogPlace, b: LogPlace): number {
  for (const part of ['epoch', 'xid', 'id'] as const) {
    const difference = BigInt(a[part]) - BigInt(b[part])
    if (difference !== 0n) return difference < 0n ? -1 : 1
  }
  return 0
}
