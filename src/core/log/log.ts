import type { Decimal } from '../../lib/decimal.ts'
import type { Instant } from '../../lib/instant.ts'

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

/** The same for who wants no more than what they touched. */
export type ReadTouched = (after: LogPlace, limit: number) => Promise<readonly TouchedEntry[]>
export type TouchedEntry = Touched & Pick<LogEntry, 'place'>

/** The reader that announces the log: up to its place everybody was told. */
export const RELAY_READER = 'relay'

/** As many digits as surely fit the database's types: places come from outside. */
const PLACE = /^(\d{1,9})-(\d{1,19})-(\d{1,18})$/

export function placeText(place: LogPlace): string {
  return `${place.epoch}-${place.xid}-${place.id}`
}

export function parsePlace(text: string): LogPlace | undefined {
  const match = PLACE.exec(text)
  // Without the zeros that somebody may have put before them: texts are compared.
  const part = (at: number) => String(BigInt(match?.[at] ?? '0'))
  return match ? { epoch: part(1), xid: part(2), id: part(3) } : undefined
}

/** Negative, zero or positive. A thousand readers of streams ask it at each event. */
export function comparePlaces(a: LogPlace, b: LogPlace): number {
  return compareNumbers(a.epoch, b.epoch) || compareNumbers(a.xid, b.xid) || compareNumbers(a.id, b.id)
}

/** Whole numbers in digits: the longer one is larger, and of the same length they sort as texts do. */
function compareNumbers(a: string, b: string): number {
  if (a === b) return 0
  return a.length - b.length || (a < b ? -1 : 1)
}
