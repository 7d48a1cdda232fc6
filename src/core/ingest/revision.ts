import { CLOCK_TOLERANCE_MS } from '../../lib/clock.ts'
import type { Quote } from '../prices/quote.ts'
import { compareDecimals, type Decimal } from '../../lib/decimal.ts'
import { compareInstants, instantFromMillis, type Instant } from '../../lib/instant.ts'
import type { RecordOutcome } from '../prices/quote.ts'

/** The price that counts now for one event time of a series. */
export type CurrentPrice = {
  readonly priceId: string
  readonly price: Decimal
  readonly revision: number
  readonly correction: boolean
  readonly receivedAt: Instant
  readonly recordedAt: Instant
  readonly rawResponseId: string
}

/** What is stored of a series: its newest event time, and the current price at the event time in question. */
export type Known = { readonly newest: Instant | undefined; readonly current: CurrentPrice | undefined }

export type RevisionDecision = {
  readonly outcome: RecordOutcome
  /** The revision to write, if one is to be written. */
  readonly revision: number
  /** A newer event time of the series exists. */
  readonly late: boolean
}

/**
 * Decides what to do with a price received at `receivedAt` for `eventTime`. The same price only confirms the current one; a
 * different price supersedes it, unless it was received earlier; a stored `receivedAt` ahead of `now` was written by a wrong
 * clock and decides nothing. It is a correction if a newer event time is stored;
 * otherwise the provider's clock is merely coarse (Yahoo counts seconds).
 */
function decideRevision(
  quoted: { price: Decimal; eventTime: Instant; times: ReplyTimes },
  known: Known,
): RevisionDecision {
  const { newest, current } = known
  const late = newest !== undefined && compareInstants(newest, quoted.eventTime) > 0
  if (current === undefined) return { outcome: 'recorded', revision: 1, late }
  const revision = current.revision + 1
  if (compareDecimals(current.price, quoted.price) === 0) return { outcome: 'confirmed', revision, late }
  if (isOutdated(quoted.times, current)) return { outcome: 'outdated', revision, late }
  return { outcome: late ? 'corrected' : 'recorded', revision, late }
}

/** When a reply was received, and the current time in milliseconds since 1970. */
export type ReplyTimes = { readonly receivedAt: Instant; readonly now: number }

function isOutdated({ receivedAt, now }: ReplyTimes, current: CurrentPrice): boolean {
  if (compareInstants(receivedAt, current.receivedAt) >= 0) return false
  return compareInstants(current.receivedAt, instantFromMillis(now + CLOCK_TOLERANCE_MS)) <= 0
}

/** One quote on its way into the log. */
export type Item = { readonly quote: Quote; readonly seriesId: string }
export type Decided = Item & { readonly decision: RevisionDecision; readonly current: CurrentPrice }

/** What is stored, by series, and by series and time; each decision is added. */
export type Stored = { readonly newest: Map<string, Instant>; readonly current: Map<string, CurrentPrice> }

/** Decides each quote against what is stored and against the earlier quotes of the same reply. */
export function decideRevisions(items: readonly Item[], known: Stored, times: ReplyTimes): Decided[] {
  return items.map((item) => {
    const { eventTime, price } = item.quote
    const key = timeKey(item.seriesId, eventTime)
    const newest = known.newest.get(item.seriesId)
    const current = known.current.get(key)
    const decision = decideRevision({ price, eventTime, times }, { newest, current })
    const next = current === undefined || writes(decision) ? unwritten(item, decision, times.receivedAt) : current
    known.current.set(key, next)
    if (!decision.late) known.newest.set(item.seriesId, eventTime)
    return { ...item, decision, current: next }
  })
}

/** Whether the decision writes a row. */
export function writes({ outcome }: RevisionDecision): boolean {
  return outcome === 'recorded' || outcome === 'corrected'
}

/** The row to write; its id, times and reply are set once it is written. */
function unwritten(item: Item, decision: RevisionDecision, receivedAt: Instant): CurrentPrice {
  const { revision, late } = decision
  const correction = late && revision > 1
  return {
    priceId: '',
    price: item.quote.price,
    revision,
    correction,
    receivedAt,
    recordedAt: receivedAt,
    rawResponseId: '',
  }
}

/** The key of `Stored.current`. */
export function timeKey(seriesId: string, eventTime: Instant): string {
  return `${seriesId} ${eventTime}`
}
