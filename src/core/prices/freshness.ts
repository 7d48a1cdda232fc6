import { millisOf } from '../../lib/instant.ts'
import type { MarketState, StoredPrice } from './quote.ts'

/** `closed`: the market is not in its regular session. `stale`: older than the feed's own delay explains. */
export type Freshness = 'fresh' | 'delayed' | 'stale' | 'closed' | 'unknown'

export type FreshnessView = {
  /** Milliseconds since the price was made. */
  readonly ageMs: number
  /** The provider's word while it is under 15 minutes old, `unknown` after. */
  readonly marketState: MarketState
  readonly freshness: Freshness
}

/** What of a price its freshness depends on. */
type Dated = Pick<StoredPrice, 'eventTime' | 'confirmedAt' | 'marketState' | 'delaySeconds'>

const PATIENCE_MS = 15 * 60_000

/** How far a price may be trusted now (design §4). Pure: `now` is milliseconds since 1970. */
export function freshnessOf(price: Dated, now: number): FreshnessView {
  const ageMs = Math.max(0, now - millisOf(price.eventTime))
  const marketState = now - millisOf(price.confirmedAt) < PATIENCE_MS ? price.marketState : 'unknown'
  return { ageMs, marketState, freshness: classifyFreshness(ageMs, marketState, (price.delaySeconds ?? 0) * 1000) }
}

function classifyFreshness(ageMs: number, state: MarketState, delayMs: number): Freshness {
  if (state === 'pre' || state === 'post' || state === 'closed') return 'closed'
  if (state === 'unknown' && ageMs > PATIENCE_MS) return 'unknown'
  if (ageMs > delayMs + PATIENCE_MS) return 'stale'
  return delayMs > 0 ? 'delayed' : 'fresh'
}
