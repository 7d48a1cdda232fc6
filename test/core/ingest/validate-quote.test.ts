import assert from 'node:assert/strict'
import { test } from 'node:test'
import { validateQuote } from '../../../src/core/ingest/validate-quote.ts'
import type { Quote } from '../../../src/core/prices/quote.ts'

const RECEIVED_AT = '2025-06-15T20:30:00Z' as Quote['eventTime']

const GOOD_PRICES = ['196.45', '0.000000000000000001', '999999999999999.9', '1.000', `1.${'2'.repeat(39)}`, '0.10']
const BAD_PRICES = [
  '0',
  '0.000',
  '-1',
  '0.0000000000000000009',
  '1000000000000000',
  `1.${'2'.repeat(40)}`,
  'NaN',
  'Infinity',
  '1e5',
  '01',
  '',
]

test('a price from 1e-18 to below 1e15 with at most 40 digits is accepted', () => {
  for (const price of GOOD_PRICES) assert.equal(validateQuote(quoteAt(price), RECEIVED_AT), undefined, price)
})

test('every other price is bad data of the provider, and the error names provider and symbol', () => {
  for (const price of BAD_PRICES) {
    const error = validateQuote(quoteAt(price), RECEIVED_AT)
    assert.equal(error?.code, 'provider_bad_data', price)
    assert.deepEqual(error.details, { provider: 'yfinance', symbol: 'AAPL' })
  }
})

test('a time may be arbitrarily old, and at most two minutes ahead of our clock', () => {
  const times = [
    '1970-01-02T00:00:00Z',
    '2025-06-15T20:30:00Z',
    '2025-06-15T20:32:00Z',
    '2025-06-15T20:32:00.001Z',
    'never',
  ]
  const refused = times.map((time) => validateQuote(quoteAt('1', time), RECEIVED_AT)?.code)
  assert.deepEqual(refused, [undefined, undefined, undefined, 'provider_bad_data', 'provider_bad_data'])
})

function quoteAt(price: string, eventTime = '2025-06-15T20:29:59Z'): Quote {
  return {
    symbol: 'AAPL',
    provider: 'yfinance',
    providerSymbol: 'AAPL',
    currency: 'USD',
    price: price as Quote['price'],
    eventTime: eventTime as Quote['eventTime'],
    marketState: 'open',
    delaySeconds: 0,
    previousClose: null,
    extended: null,
  }
}
