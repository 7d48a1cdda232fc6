import type { Decimal } from '../../lib/decimal.ts'
import type { Instant } from '../../lib/instant.ts'

/** A position in the log. Rows are read in the order of (epoch, xid, id) and only once no earlier one can still appear. */
export type LogPosition = { readonly epoch: string; readonly xid: string; readonly id: string }

export const LOG_START: LogPosition = { epoch: '0', xid: '0', id: '0' }

/** One price as the log tells it: the five members of a `price-events` message, and where it stands. */
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

/** A point in time of a series whose price is new or was changed. */
export type Affected = { readonly seriesId: string; readonly eventTime: Instant }

/** Settled entries behind a position, oldest first. */
export type ReadLog = (after: LogPosition, limit: number) => Promise<readonly LogEntry[]>

/** The same for who wants no more than what they touched. */
export type ReadAffected = (after: LogPosition, limit: number) => Promise<readonly AffectedEntry[]>
export type AffectedEntry = Affected & Pick<LogEntry, 'position'>

/** The reader that announces the log: up to its position everybody was told. */
export const RELAY_READER = 'relay'

/** As many digits as surely fit the database's types: places come from outside. */
const POSITION = /^(\d{1,9})-(\d{1,19})-(\d{1,18})$/

export function positionText(position: LogPosition): string {
  return `${position.epoch}-${position.xid}-${position.id}`
}

export function parsePosition(text: string): LogPosition | undefined {
  const match = POSITION.exec(text)
  // Without the zeros that somebody may have put before them: texts are compared.
  const part = (at: number) => String(BigInt(match?.[at] ?? '0'))
  return match ? { epoch: part(1), xid: part(2), id: part(3) } : undefined
}

/** Negative, zero or positive. A thousand readers of streams ask it at each event. */
export function comparePositions(a: LogPosition, b: LogPosition): number {
  return compareNumbers(a.epoch, b.epoch) || compareNumbers(a.xid, b.xid) || compareNumbers(a.id, b.id)
}

/** Whole numbers in digits: the longer one is larger, and of the same length they sort as texts do. */
function compareNumbers(a: string, b: string): number {
  if (a === b) return 0
  return a.length - b.length || (a < b ? -1 : 1)
}
