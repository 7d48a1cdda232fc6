import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Decimal } from '../../../src/lib/decimal.ts'
import { freshnessOf, type Freshness } from '../../../src/core/prices/freshness.ts'
import { instantFromMillis } from '../../../src/lib/instant.ts'
import type { MarketState, StoredPrice } from '../../../src/core/prices/quote.ts'

const NOW = Date.parse('2025-06-15T20:30:00Z')
const MINUTE = 60_000

function priceOf(ageMinutes: number, confirmedMinutesAgo: number, more: Partial<StoredPrice>): StoredPrice {
  const eventTime = instantFromMillis(NOW - ageMinutes * MINUTE)
  const confirmedAt = instantFromMillis(NOW - confirmedMinutesAgo * MINUTE)
  return {
    symbol: 'AAPL',
    provider: 'yfinance',
    providerSymbol: 'AAPL',
    currency: 'USD',
    price: '1' as Decimal,
    eventTime,
    marketState: 'open',
    delaySeconds: 0,
    previousClose: null,
    extended: null,
    priceId: '1',
    seriesId: '1',
    revision: 1,
    correction: false,
    receivedAt: eventTime,
    recordedAt: eventTime,
    confirmedAt,
    rawResponseId: '1',
    ...more,
  }
}

test('freshness classifies how far a price may be trusted, by the first rule that applies', () => {
  type Case = readonly [state: MarketState, delayMinutes: number, age: number, confirmed: number, expected: Freshness]
  const cases: readonly Case[] = [
    ['open', 0, 1, 0, 'fresh'],
    ['open', 0, 16, 0, 'stale'],
    ['open', 15, 16, 0, 'delayed'],
    ['open', 15, 31, 0, 'stale'],
    ['always', 0, 1, 0, 'fresh'],
    ['pre', 0, 600, 1, 'closed'],
    ['post', 0, 60, 1, 'closed'],
    ['closed', 0, 6000, 14, 'closed'],
    ['closed', 0, 6000, 16, 'unknown'],
    ['open', 0, 5, 16, 'fresh'],
    ['unknown', 0, 1, 0, 'fresh'],
    ['unknown', 0, 16, 0, 'unknown'],
  ]
  for (const [marketState, delay, age, confirmed, expected] of cases) {
    const view = freshnessOf(priceOf(age, confirmed, { marketState, delaySeconds: delay * 60 }), NOW)
    assert.equal(view.freshness, expected, `${marketState}, delay ${delay}, age ${age}, confirmed ${confirmed} min ago`)
  }
})

test("a provider's market state counts for 15 minutes, and no age is negative", () => {
  assert.equal(freshnessOf(priceOf(1, 14, {}), NOW).marketState, 'open')
  assert.equal(freshnessOf(priceOf(1, 15, {}), NOW).marketState, 'unknown')
  assert.equal(freshnessOf(priceOf(-1, 0, {}), NOW).ageMs, 0)
})

test('a confirmation or a price that lies in the future was stored by a wrong clock, and vouches for nothing', () => {
  assert.equal(freshnessOf(priceOf(0, -60, {}), NOW).marketState, 'unknown')
  assert.equal(freshnessOf(priceOf(-60, 0, {}), NOW).freshness, 'unknown')
  const seconds = 1 / 60
  assert.equal(freshnessOf(priceOf(-seconds, -seconds, {}), NOW).freshness, 'fresh', 'clocks differ a little')
})
