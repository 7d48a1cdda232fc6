import { Type, type Static } from 'typebox'
import { decimalFromUnits, scaledInteger, scaleOf, type Decimal } from '../lib/decimal.ts'
import { freshnessOf } from '../core/prices/freshness.ts'
import type { StoredPrice } from '../core/prices/quote.ts'
import { ExactNumber, exactNumber } from './exact-number.ts'

/** A moment in an answer: RFC 3339, UTC, up to microseconds. */
export function moment(description: string) {
  return Type.String({ description, examples: ['2025-06-15T20:30:27.283671Z'] })
}

export function id(description: string) {
  return Type.String({ description, examples: ['17'] })
}

const Extended = Type.Object(
  { price: ExactNumber, timestamp: moment('When it was made.'), session: Type.Enum(['pre', 'post']) },
  { description: 'A price outside the regular session.' },
)
const Unit = Type.Object(
  { major: Type.String({ examples: ['GBP'] }), per_major: Type.Integer({ examples: [100] }) },
  { description: 'Where the currency is a minor unit.' },
)

/** The newest price of a symbol, with all that says how far it may be trusted. */
export const Price = Type.Object(
  {
    symbol: Type.String({ examples: ['AAPL'] }),
    price: ExactNumber,
    timestamp: moment('When the price was made, by the provider’s clock.'),
    provider: Type.String({ examples: ['yfinance'] }),
    currency: Type.Union([Type.String(), Type.Null()], {
      description: 'As quoted: `GBp` is pence.',
      examples: ['USD'],
    }),
    price_id: id('See /prices/{id}/lineage.'),
    raw_response_id: id('See /raw-responses/{id}.'),
    received_at: moment('When we first saw it.'),
    confirmed_at: moment('When the provider last said the same.'),
    age_ms: Type.Integer({ description: 'Since `timestamp`.', examples: [5210] }),
    market_state: Type.Enum(['pre', 'open', 'post', 'closed', 'always', 'unknown']),
    delay_seconds: Type.Union([Type.Integer(), Type.Null()], { description: 'The feed’s own delay.' }),
    freshness: Type.Enum(['fresh', 'delayed', 'stale', 'closed', 'unknown']),
    provider_symbol: Type.String({ description: 'As the provider spells it.', examples: ['AAPL'] }),
    previous_close: Type.Optional(ExactNumber),
    change: Type.Optional(ExactNumber),
    change_percent: Type.Optional(ExactNumber),
    extended: Type.Optional(Extended),
    unit: Type.Optional(Unit),
  },
  { title: 'Price', description: 'The newest price of a symbol.' },
)

export function priceBody(price: StoredPrice, now: number): Static<typeof Price> {
  const { ageMs, marketState, freshness } = freshnessOf(price, now)
  const { extended, previousClose } = price
  const unit = MINOR_UNITS[price.currency ?? '']
  return {
    symbol: price.symbol,
    price: exactNumber(price.price),
    timestamp: price.eventTime,
    provider: price.provider,
    currency: price.currency,
    price_id: price.priceId,
    raw_response_id: price.rawResponseId,
    received_at: price.receivedAt,
    confirmed_at: price.confirmedAt,
    age_ms: ageMs,
    market_state: marketState,
    delay_seconds: price.delaySeconds,
    freshness,
    provider_symbol: price.providerSymbol,
    ...(previousClose !== null && changeSince(previousClose, price.price)),
    ...(extended && { extended: { ...extended, price: exactNumber(extended.price) } }),
    ...(unit && { unit: { major: unit, per_major: 100 } }),
  }
}

/** Quoted in hundredths of the currency on the right. */
const MINOR_UNITS: Readonly<Record<string, string>> = { GBp: 'GBP', GBX: 'GBP', ZAc: 'ZAR', USX: 'USD', ILA: 'ILS' }

/** The change is exact; the percentage is rounded half up, away from zero, to four decimals. */
function changeSince(previousClose: Decimal, price: Decimal) {
  const scale = Math.max(scaleOf(previousClose), scaleOf(price))
  const before = scaledInteger(previousClose, scale)
  const difference = scaledInteger(price, scale) - before
  const previous_close = exactNumber(previousClose)
  if (before <= 0n) return { previous_close }
  const magnitude = difference < 0n ? -difference : difference
  const percent = (magnitude * 2_000_000n + before) / (2n * before)
  return {
    previous_close,
    change: exactNumber(decimalFromUnits(difference, scale)),
    change_percent: exactNumber(decimalFromUnits(difference < 0n ? -percent : percent, 4)),
  }
}
