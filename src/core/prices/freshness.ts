import { CLOCK_TOLERANCE_MS } from '../../lib/clock.ts'
import { memoizeByObject } from '../../lib/memoize.ts'
import { millisOf } from '../../lib/instant.ts'
import type { MarketState, StoredPrice } from './quote.ts'

/** `closed`: the market is not in its regular session. `stale`: older than the feed's own delay accounts for. */
export type Freshness = 'fresh' | 'delayed' | 'stale' | 'closed' | 'unknown'

export type FreshnessView = {
  /** Milliseconds since the price's event time. */
  readonly ageMs: number
  /** As the provider reported it; `unknown` once the report is 15 minutes old. */
  readonly marketState: MarketState
  readonly freshness: Freshness
}

/** The members of a price that determine its freshness. */
type Dated = Pick<StoredPrice, 'eventTime' | 'confirmedAt' | 'marketState' | 'delaySeconds'>

const TOLERANCE_MS = 15 * 60_000
/** A provider's clock may be ahead of ours by this much (see `validateQuote`); a price further ahead has no known age. */
const FUTURE_MS = 2 * 60_000

/** How current a price is. Pure: `now` is milliseconds since 1970. */
export function freshnessOf(price: Dated, now: number): FreshnessView {
  const ageMs = Math.max(0, now - millisOf(price.eventTime))
  const marketState = isConfirmedWithin(price, TOLERANCE_MS, now) ? price.marketState : 'unknown'
  const isFromFuture = millisOf(price.eventTime) - now > FUTURE_MS
  const delayMs = (price.delaySeconds ?? 0) * 1000
  return { ageMs, marketState, freshness: isFromFuture ? 'unknown' : classifyFreshness(ageMs, marketState, delayMs) }
}

/** Whether the provider confirmed the price less than `ms` ago. A confirmation that lies ahead of now was never made. */
export function isConfirmedWithin(price: Confirmed, ms: number, now: number): boolean {
  const sinceMs = now - confirmedMs(price)
  return sinceMs < ms && sinceMs >= -CLOCK_TOLERANCE_MS
}

type Confirmed = Pick<Dated, 'confirmedAt'>
const confirmedMs = memoizeByObject(({ confirmedAt }: Confirmed) => millisOf(confirmedAt))

/** A stretch of time in milliseconds since 1970, from `from` on, until before `until`. */
export type Span = { readonly from: number; readonly until: number }

/**
 * The span around `now` in which nothing about the freshness of a price changes but its age. It begins and ends where
 * `freshnessOf` compares; all times are whole milliseconds.
 */
export function freshnessSpan(price: Dated, now: number): Span {
  const [event, confirmed] = [millisOf(price.eventTime), confirmedMs(price)]
  const tooOld = event + TOLERANCE_MS + 1
  const changes = [
    confirmed - CLOCK_TOLERANCE_MS,
    confirmed + TOLERANCE_MS,
    event - FUTURE_MS,
    tooOld,
    tooOld + (price.delaySeconds ?? 0) * 1000,
  ]
  return {
    from: Math.max(...changes.filter((at) => at <= now)),
    until: Math.min(...changes.filter((at) => at > now)),
  }
}

function classifyFreshness(ageMs: number, state: MarketState, delayMs: number): Freshness {
  if (state === 'pre' || state === 'post' || state === 'closed') return 'closed'
  if (state === 'unknown' && ageMs > TOLERANCE_MS) return 'unknown'
  if (ageMs > delayMs + TOLERANCE_MS) return 'stale'
  return delayMs > 0 ? 'delayed' : 'fresh'
}
