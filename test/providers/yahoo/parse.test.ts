import assert from 'node:assert/strict'
import { test } from 'node:test'
import { validateQuote, validateResult } from '../../../src/core/ingest/validate-quote.ts'
import type { Instant } from '../../../src/lib/instant.ts'
import type { Quote, QuoteResult } from '../../../src/core/prices/quote.ts'
import { parseYahooQuotes } from '../../../src/providers/yahoo/parse.ts'
import { quoteReply, yahooQuote } from '../../support/yahoo-fake.ts'

const RECEIVED_AT = '2025-06-15T20:31:00Z' as Instant
const REGULAR = { regularMarketTime: 1_750_000_000 }

const PRICES: readonly { name: string; source: string; becomes: string }[] = [
  { name: 'trailing zeros', source: '1.500', becomes: '1.500' },
  { name: 'finer than a float', source: '900719925474099.31', becomes: '900719925474099.31' },
  { name: 'a quadrillion', source: '1000000000000000', becomes: 'provider_bad_data' },
  { name: 'a small exponent', source: '1.5e-7', becomes: '0.00000015' },
  { name: 'a large exponent', source: '2.5E+3', becomes: '2500' },
  {
    name: 'Yahoo’s formatted form',
    source: '{"raw":196.4500000000000001,"fmt":"196.45"}',
    becomes: '196.4500000000000001',
  },
  { name: 'a formatted form without a number', source: '{"raw":"1","fmt":"1"}', becomes: 'provider_bad_data' },
  { name: 'an empty object', source: '{}', becomes: 'provider_bad_data' },
  { name: 'a number in quotes', source: '"196.45"', becomes: 'provider_bad_data' },
  { name: 'infinity in quotes', source: '"Infinity"', becomes: 'provider_bad_data' },
  { name: 'true', source: 'true', becomes: 'provider_bad_data' },
  { name: 'a list', source: '[1]', becomes: 'provider_bad_data' },
  { name: 'beyond every float', source: '1e999', becomes: 'provider_bad_data' },
  { name: 'null', source: 'null', becomes: 'no_price' },
  { name: 'zero', source: '0', becomes: 'provider_bad_data' },
  { name: 'a negative number', source: '-1.5', becomes: 'provider_bad_data' },
]

for (const { name, source, becomes } of PRICES) {
  test(`a price that is ${name} becomes ${becomes}`, () => {
    assert.equal(resultText(parse(['AAPL'], [yahooQuote('AAPL', source)])[0]), becomes)
  })
}

const OTHER_FAULTS: readonly { name: string; more: Record<string, unknown>; code: string }[] = [
  { name: 'no time', more: { regularMarketTime: undefined }, code: 'provider_bad_data' },
  { name: 'a time that is null', more: { regularMarketTime: null }, code: 'provider_bad_data' },
  { name: 'a time in milliseconds', more: { regularMarketTime: 1_750_019_427_000 }, code: 'provider_bad_data' },
  { name: 'a time five minutes ahead', more: { regularMarketTime: 1_750_019_760 }, code: 'provider_bad_data' },
  { name: 'a time as text', more: { regularMarketTime: '1750019427' }, code: 'provider_bad_data' },
  { name: 'a currency that is no text', more: { currency: 7 }, code: 'provider_bad_data' },
  { name: 'the type NONE', more: { quoteType: 'NONE' }, code: 'symbol_delisted' },
]

for (const { name, more, code } of OTHER_FAULTS) {
  test(`a quote with ${name} is refused as ${code}`, () => {
    assert.equal(resultText(parse(['AAPL'], [yahooQuote('AAPL', '1', more)])[0]), code)
  })
}

const STATES: readonly (readonly [Record<string, unknown>, string])[] = [
  [{ marketState: 'PREPRE' }, 'closed'],
  [{ marketState: 'PRE' }, 'pre'],
  [{ marketState: 'REGULAR' }, 'open'],
  [{ marketState: 'POST' }, 'post'],
  [{ marketState: 'POSTPOST' }, 'closed'],
  [{ marketState: 'CLOSED' }, 'closed'],
  [{ marketState: 'HALTED' }, 'unknown'],
  [{ marketState: 'constructor' }, 'unknown'],
  [{ marketState: undefined }, 'unknown'],
  [{ quoteType: 'CRYPTOCURRENCY' }, 'always'],
]

test('the market state is mapped to ours, and an unknown one to unknown', () => {
  for (const [more, state] of STATES) assert.equal(quoteOf({ ...more }).marketState, state, JSON.stringify(more))
})

test('a currency or delay that Yahoo does not name is null', () => {
  const { currency, delaySeconds } = quoteOf({ currency: undefined, exchangeDataDelayedBy: undefined })
  assert.deepEqual({ currency, delaySeconds }, { currency: null, delaySeconds: null })
})

test('outside the session the newest extended price is given beside the regular one', () => {
  const pre = { preMarketPrice: 2.5, preMarketTime: 1_750_010_000 }
  const post = { postMarketPrice: 3.5, postMarketTime: 1_750_005_000 }
  const beforeOpen = quoteOf({ ...REGULAR, ...pre, ...post, marketState: 'PRE' })
  assert.deepEqual(beforeOpen.extended, { price: '2.5', timestamp: '2025-06-15T17:53:20Z', session: 'pre' })
  assert.equal(beforeOpen.price, '1')
  assert.equal(quoteOf({ ...REGULAR, ...post, marketState: 'CLOSED' }).extended?.session, 'post')
})

test('an extended price that is older than the regular one, of an open session, or invalid is left out', () => {
  const post = { postMarketPrice: 3.5, postMarketTime: 1_750_005_000, marketState: 'POST' }
  assert.equal(quoteOf({ ...post, regularMarketTime: 1_750_006_000 }).extended, null)
  assert.equal(quoteOf({ ...REGULAR, ...post, marketState: 'REGULAR' }).extended, null)
  assert.equal(quoteOf({ ...REGULAR, ...post, postMarketPrice: 0 }).extended, null)
  assert.equal(quoteOf({ ...REGULAR, ...post, postMarketTime: null }).extended, null)
})

test('the previous close is kept if it is valid', () => {
  assert.equal(quoteOf({ regularMarketPreviousClose: 195.64 }).previousClose, '195.64')
  for (const nonsense of [0, -1, null, '195.64', undefined]) {
    assert.equal(quoteOf({ regularMarketPreviousClose: nonsense }).previousClose, null)
  }
})

test('quotes are matched by their canonical symbol, in any order', () => {
  const quotes = [yahooQuote('EURUSD=X', '1.1'), yahooQuote('brk-b', '2'), yahooQuote('JPY=X', '3')]
  const results = parse(['BRK.B', 'EURUSD', 'USDJPY'], quotes)
  assert.deepEqual(results.map(resultText), ['2', '1.1', '3'])
})

test('a quote for a symbol that was not requested is refused, and never used for the missing one', () => {
  assert.deepEqual(parse(['FB', 'AAPL'], [yahooQuote('META', '600'), yahooQuote('AAPL', '1')]).map(resultText), [
    'provider_bad_data',
    '1',
  ])
})

test('every symbol is refused if the body is not a quote reply, whatever its status', () => {
  for (const [status, body] of [
    [200, '<html>'],
    [200, '{"quoteResponse":{"result":null}}'],
    [404, quoteReply([])],
  ] as const) {
    const results = parseYahooQuotes(replyOf(['A', 'B'], body, status))
    assert.deepEqual(results.map(resultText), ['provider_bad_data', 'provider_bad_data'])
  }
})

function errorsOf(symbols: readonly string[], quotes: readonly string[]) {
  return parse(symbols, quotes).map((result) => ('error' in result ? [result.error.code, result.error.message] : []))
}

function quoteOf(more: Record<string, unknown>): Quote {
  const [result] = parse(['AAPL'], [yahooQuote('AAPL', '1', more)])
  assert.ok(result && 'quote' in result)
  return result.quote
}

/** The price, or the code of what stands against it, the check that all providers' quotes pass included. */
function resultText(result: QuoteResult | undefined): string | undefined {
  if (!result || 'error' in result) return result?.error.code
  return validateQuote(result.quote, RECEIVED_AT)?.code ?? result.quote.price
}

function parse(symbols: readonly string[], quotes: readonly string[]): readonly QuoteResult[] {
  return parseYahooQuotes(replyOf(symbols, quoteReply(quotes), 200))
}

function replyOf(symbols: readonly string[], body: string, status: number) {
  const bytes = new TextEncoder().encode(body)
  return { provider: 'yfinance', symbols, request: '', status, body: bytes, receivedAt: RECEIVED_AT, parserVersion: 1 }
}

test('a renamed symbol names the one that came, and does not change what is said about others', () => {
  const [meta, aapl] = [yahooQuote('META', '600'), yahooQuote('AAPL', '1')]
  const renamed = ['provider_bad_data', 'yfinance, FB: Yahoo answers META instead.']
  const unknown = ['symbol_not_found', 'yfinance, NOPE: Unknown symbol.']
  assert.deepEqual(errorsOf(['FB', 'NOPE', 'AAPL'], [meta, aapl]), [renamed, unknown, []])
  assert.deepEqual(errorsOf(['AAPL', 'FB', 'NOPE'], [aapl, meta]), [[], renamed, unknown])
  assert.deepEqual(errorsOf(['NOPE', 'AAPL', 'FB'], [aapl, meta]), [unknown, [], renamed])
  assert.deepEqual(errorsOf(['FB'], [meta]), [renamed])
  const unnamed = yahooQuote('\ud800\0', '1')
  assert.deepEqual(errorsOf(['FB'], [unnamed]), [
    ['provider_bad_data', 'yfinance, FB: Yahoo answers something else instead.'],
  ])
})

test('between two sessions of American stocks the market is closed', () => {
  assert.equal(quoteOf({ marketState: 'OVERNIGHT' }).marketState, 'closed')
})

test('a pair of small units is not the pair of whole ones', () => {
  const pence = yahooQuote('USDGBp=X', '75')
  assert.deepEqual(parse(['USDGBP'], [pence]).map(resultText), ['provider_bad_data'])
  assert.deepEqual(parse(['USDGBp=X', 'USDGBP'], [pence, yahooQuote('USDGBP=X', '0.75')]).map(resultText), [
    '75',
    '0.75',
  ])
})

test('of a symbol that is there twice, the last quote counts', () => {
  assert.deepEqual(parse(['AAPL'], [yahooQuote('AAPL', '1'), yahooQuote('AAPL', '2')]).map(resultText), ['2'])
})

const ODD: readonly Record<string, unknown>[] = [
  { exchangeDataDelayedBy: 1e9 },
  { exchangeDataDelayedBy: 1e30 },
  { currency: 'US\0' },
  { currency: '\ud800' },
  { currency: 'U S' },
  { currency: 'é' },
]

test('a number or a text that no statement takes refuses its own quote only', () => {
  for (const more of ODD) {
    const quotes = [yahooQuote('A', '1'), yahooQuote('AAPL', '2', more), yahooQuote('B', '3')]
    assert.deepEqual(
      parse(['A', 'AAPL', 'B'], quotes).map(resultText),
      ['1', 'provider_bad_data', '3'],
      JSON.stringify(more),
    )
  }
})

test('names are kept without what no terminal or database takes', () => {
  const [result] = parse(['AAPL'], [yahooQuote('AAPL', '1', { longName: `Ap\0ple \ud800Inc.\n${'x'.repeat(500)}` })])
  const name = result && 'quote' in result ? (result.details?.name ?? '') : ''
  assert.match(name, /^Ap ple {1,2}Inc\. x+…$/)
  assert.equal(name.length, 200)
})

test('a price outside the session that breaks the rules of a price is left out, with the reason', () => {
  const odd = [{ postMarketTime: 1_750_200_000 }, { postMarketTime: 253_402_214_400 }, { postMarketPrice: 1e20 }]
  for (const more of odd) {
    const post = { ...REGULAR, marketState: 'POST', postMarketPrice: 3.5, postMarketTime: 1_750_005_000, ...more }
    const [result] = parse(['AAPL'], [yahooQuote('AAPL', '1', post)])
    assert.ok(result)
    const valid = validateResult(result, RECEIVED_AT)
    assert.ok('quote' in valid)
    assert.deepEqual([valid.quote.extended, valid.quote.price, valid.leftOut?.code], [null, '1', 'provider_bad_data'])
  }
})
