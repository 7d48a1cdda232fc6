import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { freshnessOf, freshnessSpan } from '../../src/core/prices/freshness.ts'
import type { MarketState, StoredPrice } from '../../src/core/prices/quote.ts'
import { priceBody } from '../../src/formats/price.ts'
import { createPriceText } from '../../src/formats/price-text.ts'
import type { Decimal } from '../../src/lib/decimal.ts'
import { instantFromMicros, instantFromMillis } from '../../src/lib/instant.ts'

const NOW = Date.parse('2025-06-15T20:30:00Z')
const HOUR = 3_600_000
/** The moments at which anything can change, relative to the event or the confirmation. */
const EDGES = [-120_000, -1_000, 0, 900_000, 900_001, 1_800_000, 1_800_001]

const aroundNow = fc.oneof(
  fc.integer({ min: NOW - 2 * HOUR, max: NOW + HOUR }),
  fc.constantFrom(...EDGES.flatMap((edge) => [NOW - edge - 1, NOW - edge, NOW - edge + 1])),
)
const instant = fc.tuple(aroundNow, fc.integer({ min: 0, max: 999 })).map(([ms, micros]) => {
  return instantFromMicros(BigInt(ms) * 1_000n + BigInt(micros))
})
const decimal = fc
  .tuple(fc.bigInt({ min: 1n, max: 10n ** 18n }), fc.integer({ min: 0, max: 18 }))
  .map(([units, scale]) => {
    const digits = units.toString().padStart(scale + 1, '0')
    const cut = digits.length - scale
    return (scale === 0 ? digits : `${digits.slice(0, cut)}.${digits.slice(cut)}`) as Decimal
  })
// Names try to look like the member that is filled in.
const name = fc.oneof(fc.string(), fc.constantFrom('"age_ms":7,', '","age_ms":1,"', '\\"age_ms":'))

const storedPrice: fc.Arbitrary<StoredPrice> = fc.record(
  {
    symbol: name,
    provider: fc.constant('scripted'),
    providerSymbol: name,
    currency: fc.constantFrom('USD', 'GBp', null),
    price: decimal,
    eventTime: instant,
    marketState: fc.constantFrom<MarketState>('pre', 'open', 'post', 'closed', 'always', 'unknown'),
    delaySeconds: fc.constantFrom(null, 0, 15, 900),
    previousClose: fc.option(decimal),
    extended: fc.option(fc.record({ price: decimal, timestamp: instant, session: fc.constantFrom('pre', 'post') })),
    priceId: fc.constant('17'),
    seriesId: fc.constant('3'),
    revision: fc.constant(1),
    correction: fc.constant(false),
    receivedAt: instant,
    recordedAt: instant,
    confirmedAt: instant,
    rawResponseId: fc.constant('5'),
    name,
  },
  { noNullPrototype: true },
)

test('a price is written digit for digit as its body, at any time and in any order of times', () => {
  const textOf = createPriceText()
  fc.assert(
    fc.property(storedPrice, fc.array(aroundNow, { minLength: 1, maxLength: 12 }), (price, times) => {
      for (const now of times) assert.equal(textOf(price, now), JSON.stringify(priceBody(price, now)))
    }),
    { numRuns: 2_000 },
  )
})

test('the text changes in the very millisecond in which the state of the market or the freshness changes', () => {
  fc.assert(
    fc.property(storedPrice, aroundNow, (price, start) => {
      const textOf = createPriceText()
      let now = start
      for (let steps = 0; now < Infinity; steps++) {
        assert.ok(steps < 10, 'a price changes a few times only')
        const { until } = freshnessSpan(price, now)
        const moments = until === Infinity ? [now, now + 100 * HOUR] : [now, until - 1]
        const [first, last] = moments.map((at) => {
          assert.equal(textOf(price, at), JSON.stringify(priceBody(price, at)))
          const { marketState, freshness } = freshnessOf(price, at)
          return [marketState, freshness]
        })
        assert.deepEqual(first, last)
        now = until
      }
    }),
    { numRuns: 1_000 },
  )
})

test('each boundary is where freshness says it is', () => {
  const [price] = fc.sample(storedPrice, 1)
  const confirmed = {
    ...price,
    eventTime: instantFromMillis(NOW),
    confirmedAt: instantFromMillis(NOW),
    marketState: 'open',
    delaySeconds: 60,
  } as const
  const textOf = createPriceText()
  const seen = (now: number) => {
    const { market_state, freshness } = JSON.parse(textOf(confirmed as StoredPrice, now))
    return [market_state, freshness]
  }
  const expected: readonly (readonly [number, string, string])[] = [
    [-120_001, 'unknown', 'unknown'],
    [-120_000, 'unknown', 'delayed'],
    [-1_001, 'unknown', 'delayed'],
    [-1_000, 'open', 'delayed'],
    [899_999, 'open', 'delayed'],
    [900_000, 'unknown', 'delayed'],
    [900_001, 'unknown', 'unknown'],
  ]
  for (const [ms, state, freshness] of [...expected, ...expected.toReversed()]) {
    assert.deepEqual(seen(NOW + ms), [state, freshness], `${ms} ms`)
  }
})
