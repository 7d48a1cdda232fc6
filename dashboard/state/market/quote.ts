import { percentOf, subtractDecimals, type Decimal } from '../../../src/lib/decimal.ts'
import type { Price } from '../../api/schemas.ts'
import type { PriceEvent } from '../../api/stream.ts'

/** The newest price of a symbol, as the page shows it. */
export type Quote = {
  readonly price: Decimal
  readonly priceId: string
  /** As the provider writes it: `GBp` are pence. Null if it names none. */
  readonly currency: string | null
  /** When the price was made, in milliseconds since 1970. */
  readonly madeAt: number
  readonly change: Decimal | undefined
  readonly changePercent: Decimal | undefined
  /** The direction of the last change. */
  readonly step: 'up' | 'down' | 'none'
  /** The last quote in the currency that was shown before this one's: the two are not comparable. */
  readonly formerly: Quote | undefined
}

/** What the service reports about that price besides; refreshed every few seconds. */
export type QuoteStatus = {
  readonly currency: string | null
  readonly marketState: Price['market_state']
  readonly freshness: Price['freshness']
  readonly delaySeconds: number | null
  readonly previousClose: Decimal | undefined
  readonly extended: Price['extended']
}

/** The status that comes with the newest price. */
export function quoteStatusOf(latest: Price): QuoteStatus {
  return {
    currency: latest.currency,
    marketState: latest.market_state,
    freshness: latest.freshness,
    delaySeconds: latest.delay_seconds,
    previousClose: latest.previous_close,
    extended: latest.extended,
  }
}

/** The quote that follows another one. Prices are compared only within one currency: pence and pounds are two series. */
export function quoteAfter(before: Quote | undefined, event: PriceEvent, status: QuoteStatus | undefined): Quote {
  const { price, currency } = event
  const isSame = before?.currency === currency
  return {
    price,
    priceId: event.price_id,
    currency,
    madeAt: Date.parse(event.timestamp),
    ...changeSince(status?.currency === currency ? status.previousClose : undefined, price),
    step: isSame ? stepOf(before, price) : 'none',
    formerly: isSame ? before.formerly : before,
  }
}

function changeSince(previousClose: Decimal | undefined, price: Decimal) {
  if (previousClose === undefined) return { change: undefined, changePercent: undefined }
  const change = subtractDecimals(price, previousClose)
  return { change, changePercent: percentOf(change, previousClose, 2) }
}

function stepOf(before: Quote, price: Decimal): Quote['step'] {
  if (before.price === price) return before.step
  return subtractDecimals(price, before.price).startsWith('-') ? 'down' : 'up'
}
