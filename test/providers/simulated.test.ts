import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { validateQuote } from '../../src/core/ingest/validate-quote.ts'
import { createSimulated, simulatedPrice } from '../../src/providers/simulated/provider.ts'
import { NOW, createTestClock, quotesOf } from '../support/yahoo-harness.ts'

const SECOND = NOW / 1000

test('a simulated quote is labelled as such, on the whole second, in dollars, with a market that is always open', async (t) => {
  const clock = createTestClock(NOW + 789)
  const provider = createSimulated({ seed: 'a', clock })
  const reply = await provider.fetchReply(['AAPL', 'ANY.L'], t.signal)
  assert.match(Buffer.from(reply.body).toString(), /Simulated prices/)
  const [apple, other] = provider.parseReply(reply)
  assert.deepEqual(apple, {
    symbol: 'AAPL',
    quote: {
      symbol: 'AAPL',
      provider: 'simulated',
      providerSymbol: 'AAPL',
      currency: 'USD',
      price: simulatedPrice('a', 'AAPL', SECOND),
      eventTime: '2025-06-15T20:31:00Z',
      marketState: 'always',
      delaySeconds: 0,
      previousClose: simulatedPrice('a', 'AAPL', Date.parse('2025-06-15') / 1000),
      extended: null,
    },
  })
  assert.ok(other && 'quote' in other)
})

test('the price of a second is the same now, later and in another process, and differs by seed', () => {
  assert.equal(simulatedPrice('a', 'AAPL', SECOND), '195.95')
  assert.equal(simulatedPrice('a', 'BTC-USD', 1_000_000_000), '107901.37')
  assert.notEqual(simulatedPrice('b', 'AAPL', SECOND), simulatedPrice('a', 'AAPL', SECOND))
})

test('every symbol has a valid price with two decimals at any time', async () => {
  const symbol = fc.stringMatching(/^[A-Z0-9^][A-Z0-9.^=&-]{0,12}$/)
  await fc.assert(
    fc.asyncProperty(fc.string(), symbol, fc.integer({ min: 0, max: 4e9 }), async (seed, requested, second) => {
      const provider = createSimulated({ seed, clock: createTestClock(second * 1000) })
      const [result] = await quotesOf(provider, [requested])
      assert.ok(result && 'quote' in result)
      assert.match(result.quote.price, /^\d+\.\d{2}$/)
      assert.equal(validateQuote(result.quote, result.quote.eventTime), undefined)
    }),
  )
})

test('simulated prices change between reads in small steps, and drift over days', () => {
  const prices = Array.from({ length: 1000 }, (_, at) => Number(simulatedPrice('a', 'AAPL', SECOND + 2 * at)))
  const steps = prices.slice(1).map((price, at) => Math.abs(price / (prices[at] ?? 0) - 1))
  assert.ok(steps.filter((step) => step > 0).length > 900)
  assert.ok(Math.max(...steps) < 0.01)
  const days = Array.from({ length: 365 }, (_, day) => Number(simulatedPrice('a', 'AAPL', SECOND + 86_400 * day)))
  assert.ok(Math.max(...days) / Math.min(...days) > 1.2)
})
