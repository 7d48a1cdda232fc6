import type { Instant } from '../../lib/instant.ts'
import { judgePrice, type CurrentPrice, type Verdict } from './revision.ts'
import type { Quote } from '../prices/quote.ts'

/** One quote on its way into the log. */
export type Item = { readonly quote: Quote; readonly seriesId: string }
export type Judged = Item & { readonly verdict: Verdict; readonly current: CurrentPrice }

/** What is stored, by series, and by series and time; grows with what is judged. */
export type Stored = { readonly newest: Map<string, Instant>; readonly current: Map<string, CurrentPrice> }

/** Judges each quote against what is stored and against the quotes before it in the same reply. */
export function judgeQuotes(items: readonly Item[], known: Stored, receivedAt: Instant): Judged[] {
  return items.map((item) => {
    const { eventTime, price } = item.quote
    const key = timeKey(item.seriesId, eventTime)
    const newest = known.newest.get(item.seriesId)
    const current = known.current.get(key)
    const verdict = judgePrice({ price, eventTime, receivedAt }, { newest, current })
    const kept = current === undefined || writes(verdict) ? unwritten(item, verdict, receivedAt) : current
    known.current.set(key, kept)
    if (!verdict.late) known.newest.set(item.seriesId, eventTime)
    return { ...item, verdict, current: kept }
  })
}

/** Whether there will be a row of it. */
export function writes({ outcome }: Verdict): boolean {
  return outcome === 'recorded' || outcome === 'corrected'
}

/** The row to be; its id, times and reply are filled in once it is written. */
function unwritten(item: Item, verdict: Verdict, receivedAt: Instant): CurrentPrice {
  const { revision, late } = verdict
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
