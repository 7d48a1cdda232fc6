import { hasExtendedHours, type HoursKind } from '../calendar/exchanges.ts'
import { isOpen, nextClose, nextOpening } from '../calendar/sessions.ts'
import { micOfYahoo } from '../calendar/yahoo-exchanges.ts'
import type { MarketState } from '../prices/quote.ts'

/** When a job may run: in the exchange's regular hours, also before and after them, or at any time. */
export type MarketHours = HoursKind | 'always'

export const MARKET_HOURS = ['regular', 'extended', 'always'] as const satisfies readonly MarketHours[]

/** What is known of a symbol's market when its job is planned. */
export type MarketStatus = {
  /** MIC of its exchange; undefined if that is unknown or has no calendar. */
  readonly exchange: string | undefined
  /** As the provider reported it last. */
  readonly state: MarketState
  /** By how much the feed lags behind the exchange; null if the provider does not state it. */
  readonly delaySeconds: number | null
}

/** The market of a job that runs only during market hours. */
export type JobMarket = MarketStatus & { readonly hours: HoursKind }

export const UNKNOWN_MARKET: MarketStatus = { exchange: undefined, state: 'unknown', delaySeconds: null }

/** The MIC of an exchange as a provider names it; undefined if the calendar does not know that. */
export function exchangeOf(provider: string, code: string | null): string | undefined {
  return provider === 'yfinance' && code !== null ? micOfYahoo(code) : undefined
}

/** The closing auction ends a few minutes after the close, and its price is the one of the day. */
const AUCTION_MS = 6 * 60_000
/** Without a calendar, a closed market is looked at again after this time. */
const LOOK_AGAIN_MS = 15 * 60_000
/** A failed run is retried for this long after the close: its price is still wanted. */
const RETRY_AFTER_CLOSE_MS = 3 * 3_600_000

/** The regular times of a job, in epoch milliseconds: the first at or after a moment. */
export type FirstRunFrom = (atMs: number) => number

/**
 * The first time after `afterMs` at which the job is to run: one of its regular times while the market is open, or once
 * after the close, when the feed has delivered the closing price. The calendar decides; for what it does not know, the
 * state that the provider reported last.
 */
export function nextRunInHours(market: JobMarket, firstRunFrom: FirstRunFrom, afterMs: number): number {
  const regular = firstRunFrom(afterMs + 1)
  if (market.exchange === undefined || isLateTrading(market)) return nextByState(market, firstRunFrom, afterMs)
  const { exchange, hours } = market
  const closing = closingRunAfter(market, afterMs) ?? Infinity
  let at = regular
  while (at < closing) {
    if (isOpen(exchange, hours, at) === true) return at
    const opening = nextOpening(exchange, hours, at)
    if (opening === undefined) break
    at = firstRunFrom(opening)
  }
  // Without a close the calendar ends before.
  return closing < Infinity ? closing : nextByState(market, firstRunFrom, afterMs)
}

/** Whether a failed run may be tried again at a moment; if not, the next planned run follows. */
export function mayRetryAt(market: JobMarket, atMs: number): boolean {
  const { exchange, hours } = market
  const isKnownOpen = exchange === undefined ? undefined : isOpen(exchange, hours, atMs)
  if (exchange === undefined || isKnownOpen === undefined) return isOpenByState(market)
  const close = nextClose(exchange, hours, atMs - RETRY_AFTER_CLOSE_MS)
  return isKnownOpen || (close !== undefined && close <= atMs)
}

function nextByState(market: JobMarket, firstRunFrom: FirstRunFrom, afterMs: number): number {
  return firstRunFrom(isOpenByState(market) ? afterMs + 1 : afterMs + LOOK_AGAIN_MS)
}

function isOpenByState({ state, hours }: JobMarket): boolean {
  if (state === 'closed') return false
  return hours === 'extended' || (state !== 'pre' && state !== 'post')
}

/** Outside New York the calendar does not know what follows the regular hours, but the provider reports it. */
function isLateTrading({ exchange = '', hours, state }: JobMarket): boolean {
  return hours === 'extended' && (state === 'pre' || state === 'post') && !hasExtendedHours(exchange)
}

function closingRunAfter({ exchange = '', hours, delaySeconds }: JobMarket, afterMs: number): number | undefined {
  const waitMs = AUCTION_MS + (delaySeconds ?? 0) * 1000
  const close = nextClose(exchange, hours, afterMs - waitMs)
  return close === undefined ? undefined : close + waitMs
}
