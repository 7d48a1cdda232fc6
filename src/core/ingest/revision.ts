import type { Quote } from '../prices/quote.ts'
import { compareDecimals, type Decimal } from '../../lib/decimal.ts'
import { compareInstants, type Instant } from '../../lib/instant.ts'
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

/** What is stored already of a series: its newest event time, and the current price at the time in question. */
export type Known = { readonly newest: Instant | undefined; readonly current: CurrentPrice | undefined }

export type RevisionDecision = {
  readonly outcome: RecordOutcome
  /** The revision to write; only where something is to be written. */
  readonly revision: number
  /** A newer event time of the series exists. */
  readonly late: boolean
}

/**
 * What becomes of a price said at `receivedAt` for `eventTime`, given what is known (design §4). The same price again only
 * confirms; another price supersedes, unless it was received before the one that counts. It is a correction where a newer
 * time existed already; else the provider's clock is merely coarse (Yahoo counts seconds).
 */
function decideRevision(
  said: { price: Decimal; eventTime: Instant; receivedAt: Instant },
  known: Known,
): RevisionDecision {
  const { newest, current } = known
  const late = newest !== undefined && compareInstants(newest, said.eventTime) > 0
  if (current === undefined) return { outcome: 'recorded', revision: 1, late }
  const revision = current.revision + 1
  if (compareDecimals(current.price, said.price) === 0) return { outcome: 'confirmed', revision, late }
  if (compareInstants(said.receivedAt, current.receivedAt) < 0) return { outcome: 'outdated', revision, late }
  return { outcome: late ? 'corrected' : 'recorded', revision, late }
}

/** One quote on its way into the log. */
export type Item = { readonly quote: Quote; readonly seriesId: string }
export type Decided = Item & { readonly decision: RevisionDecision; readonly current: CurrentPrice }

/** What is stored, by series, and by series and time; grows with what is judged. */
export type Stored = { readonly newest: Map<string, Instant>; readonly current: Map<string, CurrentPrice> }

/** Judges each quote against what is stored and against the quotes before it in the same reply. */
export function decideRevisions(items: readonly Item[], known: Stored, receivedAt: Instant): Decided[] {
  return items.map((item) => {
    const { eventTime, price } = item.quote
    const key = timeKey(item.seriesId, eventTime)
    const newest = known.newest.get(item.seriesId)
    const current = known.current.get(key)
    const decision = decideRevision({ price, eventTime, receivedAt }, { newest, current })
    const kept = current === undefined || writes(decision) ? unwritten(item, decision, receivedAt) : current
    known.current.set(key, kept)
    if (!decision.late) known.newest.set(item.seriesId, eventTime)
    return { ...item, decision, current: kept }
  })
}

/** Whether there will be a row of it. */
export function writes({ outcome }: RevisionDecision): boolean {
  return outcome === 'recorded' || outcome === 'corrected'
}

/** The row to be; its id, times and reply are filled in once it is written. */
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

/** What `Stored.current` is kept by. */
export function timeKey(seriesId: string, eventTime: Instant): string {
  return `${seriesId} ${eventTime}`
}
