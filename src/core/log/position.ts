/** A position in the log. Entries are read in the order of (epoch, xid, id), and only when no earlier entry can appear any more. */
export type LogPosition = { readonly epoch: string; readonly xid: string; readonly id: string }

/** Before the first entry. */
export const LOG_START: LogPosition = { epoch: '0', xid: '0', id: '0' }

/** Name of the checkpoint of the relay: every entry up to it is published. */
export const RELAY_READER = 'relay'

/** As many digits as the database's types surely hold: positions come from outside, too. */
const POSITION = /^(\d{1,9})-(\d{1,19})-(\d{1,18})$/

/** The position as `epoch-xid-id`. */
export function positionText(position: LogPosition): string {
  return `${position.epoch}-${position.xid}-${position.id}`
}

/** Reads what `positionText` writes; undefined for any other text. */
export function parsePosition(text: string): LogPosition | undefined {
  const match = POSITION.exec(text)
  // Without leading zeros, because positions are compared as text.
  const part = (at: number) => String(BigInt(match?.[at] ?? '0'))
  return match ? { epoch: part(1), xid: part(2), id: part(3) } : undefined
}

/** Negative, zero or positive, as for `sort`. Fast: a thousand streams call it for each event. */
export function comparePositions(a: LogPosition, b: LogPosition): number {
  return compareNumbers(a.epoch, b.epoch) || compareNumbers(a.xid, b.xid) || compareNumbers(a.id, b.id)
}

/** Whole numbers as digits: the longer one is larger, and numbers of the same length sort as text. */
function compareNumbers(a: string, b: string): number {
  if (a === b) return 0
  return a.length - b.length || (a < b ? -1 : 1)
}
