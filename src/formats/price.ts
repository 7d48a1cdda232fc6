import { Type, type Static } from 'typebox'
import { decimalFromUnits, scaledInteger, scaleOf, type Decimal } from '../lib/decimal.ts'
import { freshnessOf } from '../core/prices/freshness.ts'
import { minorUnitOf } from '../core/prices/unit.ts'
import type { RecordResult, StoredPrice } from '../core/prices/quote.ts'
import { ExactNumber, exactNumber } from './json/exact-number.ts'
import { id, orNull, timestamp } from './json/fields.ts'
import { errorBody, Problem } from './json/problem.ts'

const Extended = Type.Object(
  {
    price: ExactNumber,
    timestamp: timestamp('When the price was quoted.'),
    session: Type.Enum(['pre', 'post']),
  },
  { description: 'A price outside the regular session.' },
)
const Unit = Type.Object(
  { major: Type.String({ examples: ['GBP'] }), per_major: Type.Integer({ examples: [100] }) },
  { description: 'Present if the currency is a minor unit.' },
)

/** The newest price of a symbol, with everything that tells how far it can be trusted. */
export const Price = Type.Object(
  {
    symbol: Type.String({ examples: ['AAPL'] }),
    price: ExactNumber,
    timestamp: timestamp('When the price was quoted, by the provider’s clock.'),
    provider: Type.String({ examples: ['yfinance'] }),
    currency: orNull(Type.String(), { description: 'As quoted: `GBp` is pence.', examples: ['USD'] }),
    price_id: id('See /prices/{id}/lineage.'),
    raw_response_id: id('See /raw-responses/{id}.'),
    received_at: timestamp('When the service first received this price.'),
    confirmed_at: timestamp('When the provider last returned the same price.'),
    age_ms: Type.Integer({ description: 'Since `timestamp`.', examples: [5210] }),
    market_state: Type.Enum(['pre', 'open', 'post', 'closed', 'always', 'unknown']),
    delay_seconds: orNull(Type.Integer(), { description: 'The delay of the feed itself.' }),
    freshness: Type.Enum(['fresh', 'delayed', 'stale', 'closed', 'unknown']),
    provider_symbol: Type.String({ description: 'The symbol in the provider’s spelling.', examples: ['AAPL'] }),
    name: Type.Optional(
      Type.String({ description: 'As the provider names it, if it does.', examples: ['Apple Inc.'] }),
    ),
    previous_close: Type.Optional(ExactNumber),
    change: Type.Optional(ExactNumber),
    change_percent: Type.Optional(ExactNumber),
    extended: Type.Optional(Extended),
    unit: Type.Optional(Unit),
  },
  { title: 'Price', description: 'The newest price of a symbol.' },
)

/** A problem of one price; if the provider failed, with the newest price that is stored. */
export const PriceProblem = Type.Object(
  { ...Problem.properties, last_known: Type.Optional(Price) },
  { title: 'PriceProblem' },
)
const Unpriced = Type.Object({ symbol: Type.String(), error: PriceProblem }, { title: 'Unpriced' })
export const Prices = Type.Object({ data: Type.Array(Type.Union([Price, Unpriced])) }, { title: 'Prices' })

/** @param now milliseconds since 1970, for the age. */
export function priceBody(price: StoredPrice, now: number): Static<typeof Price> {
  const { ageMs, marketState, freshness } = freshnessOf(price, now)
  const { extended, previousClose } = price
  const unit = minorUnitOf(price.currency)
  return {
    ...storedBody(price),
    age_ms: ageMs,
    market_state: marketState,
    delay_seconds: price.delaySeconds,
    freshness,
    provider_symbol: price.providerSymbol,
    ...(price.name !== undefined && { name: price.name }),
    ...(previousClose !== null && changeSince(previousClose, price.price)),
    ...(extended && { extended: { ...extended, price: exactNumber(extended.price) } }),
    ...(unit && { unit: { major: unit.major, per_major: unit.perMajor } }),
  }
}

/** What became of one symbol of a fetch. */
export function recordResultBody(result: RecordResult): object {
  if ('error' in result) return { symbol: result.symbol, error: errorBody(result.error) }
  return { ...storedBody(result.price), outcome: result.outcome }
}

/** The newest stored price, beside the problem that kept the service from returning a newer one. */
export function lastKnownBody(price: StoredPrice, now: number) {
  return { last_known: priceBody(price, now) }
}

function storedBody(price: StoredPrice) {
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
  }
}

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
