import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createYahooHarness, quotesOf, summaryOf } from '../../support/yahoo-harness.ts'
import {
  CRUMB_PATH,
  INVALID_CRUMB,
  PAGE_PATH,
  QUOTE_PATH,
  SEARCH_PATH,
  json,
  quoteReply,
  yahooQuote,
  type YahooAnswer,
} from '../../support/yahoo-fake.ts'

const CONSOLE = ['log', 'info', 'warn', 'error', 'debug', 'dir', 'trace'] as const

test('a price keeps every digit that Yahoo sent, and has its time, currency, market state and delay', async (t) => {
  const { fake, yahoo } = await createYahooHarness(t)
  fake.quote('VOD.L', yahooQuote('VOD.L', '123456789.123456789012', { currency: 'GBp', exchangeDataDelayedBy: 15 }))
  const [result] = await quotesOf(yahoo, ['VOD.L'])
  assert.deepEqual(result, {
    symbol: 'VOD.L',
    quote: {
      symbol: 'VOD.L',
      provider: 'yfinance',
      providerSymbol: 'VOD.L',
      currency: 'GBp',
      price: '123456789.123456789012',
      eventTime: '2025-06-15T20:30:27Z',
      marketState: 'open',
      delaySeconds: 900,
      previousClose: null,
      extended: null,
    },
    details: { name: null, exchange: null, exchangeCode: null, type: 'equity' },
  })
})

test('the reply is kept byte for byte, and its request without the crumb', async (t) => {
  const { fake, yahoo } = await createYahooHarness(t)
  const body = quoteReply([yahooQuote('BRK-B', '1.50'), yahooQuote('EURUSD=X', '1.1e0')])
  fake.answer(QUOTE_PATH, () => json(body))
  const reply = await yahoo.fetchReply(['BRK.B', 'EURUSD'], t.signal)
  assert.equal(Buffer.from(reply.body).toString(), body)
  assert.equal(reply.request, 'GET https://query2.finance.yahoo.com/v7/finance/quote?symbols=BRK-B,EURUSD%3DX')
  assert.equal(reply.receivedAt, '2025-06-15T20:31:00Z')
  assert.deepEqual(yahoo.parseReply(reply).map(summaryOf), ['BRK.B 1.50', 'EURUSD 1.1'])
})

test('one bad quote in a batch of five is refused alone', async (t) => {
  const { fake, yahoo } = await createYahooHarness(t)
  fake.answer(QUOTE_PATH, () =>
    json(
      quoteReply([
        yahooQuote('E', '5'),
        'null',
        yahooQuote('C', '"Infinity"'),
        yahooQuote('A', '1'),
        yahooQuote('B', '2'),
      ]),
    ),
  )
  const results = await quotesOf(yahoo, ['A', 'B', 'C', 'D', 'E'])
  assert.deepEqual(results.map(summaryOf), ['A 1', 'B 2', 'C provider_bad_data', 'D symbol_not_found', 'E 5'])
})

test('concurrent callers without a crumb share one sign-in, and one that is aborted does not end it', async (t) => {
  const { fake, yahoo } = await createYahooHarness(t)
  const crumb = Promise.withResolvers<YahooAnswer>()
  fake.answer(CRUMB_PATH, () => crumb.promise)
  const impatient = new AbortController()
  const first = yahoo.fetchReply(['AAPL'], impatient.signal)
  const others = [1, 2, 3].map(() => quotesOf(yahoo, ['AAPL']))
  await t.waitFor(() => assert.equal(fake.count(CRUMB_PATH), 1))
  impatient.abort()
  await assert.rejects(first, { name: 'AbortError' })
  crumb.resolve({ body: 'crumb1' })
  const results = (await Promise.all(others)).flat()
  assert.deepEqual(results.map(summaryOf), ['AAPL 196.45', 'AAPL 196.45', 'AAPL 196.45'])
  assert.deepEqual([fake.count(PAGE_PATH), fake.count(CRUMB_PATH), fake.count(QUOTE_PATH)], [1, 1, 3])
})

test('a crumb that Yahoo no longer accepts costs one new sign-in, invisible to the caller', async (t) => {
  const { fake, yahoo } = await createYahooHarness(t)
  await quotesOf(yahoo, ['AAPL'])
  fake.rotateCrumb()
  assert.deepEqual((await quotesOf(yahoo, ['AAPL'])).map(summaryOf), ['AAPL 196.45'])
  assert.equal(fake.count(CRUMB_PATH), 2)
})

test('if every crumb is rejected the caller gets an error after one retry, and requests succeed again once Yahoo accepts a new crumb', async (t) => {
  const { fake, yahoo } = await createYahooHarness(t)
  let refusing = true
  fake.answer(QUOTE_PATH, () => (refusing ? INVALID_CRUMB : json(quoteReply([yahooQuote('AAPL', '1')]))))
  await assert.rejects(quotesOf(yahoo, ['AAPL']), { code: 'provider_unavailable' })
  assert.equal(fake.count(QUOTE_PATH), 2)
  refusing = false
  assert.deepEqual((await quotesOf(yahoo, ['AAPL'])).map(summaryOf), ['AAPL 1'])
})

test('an error text sent as the crumb is never used, and the next request signs in again', async (t) => {
  const { fake, yahoo } = await createYahooHarness(t)
  const poisons = ['Too Many Requests\r\n', '<html></html><!-- no crumb -->', '']
  fake.answer(CRUMB_PATH, () => ({ body: poisons.shift() ?? 'crumb1' }))
  for (const _ of [1, 2, 3]) await assert.rejects(quotesOf(yahoo, ['AAPL']), { code: 'provider_unavailable' })
  assert.equal(fake.count(QUOTE_PATH), 0)
  assert.deepEqual((await quotesOf(yahoo, ['AAPL'])).map(summaryOf), ['AAPL 196.45'])
})

test('the library never prints, whatever Yahoo sends', async (t) => {
  const printed: unknown[] = []
  for (const name of CONSOLE) t.mock.method(console, name, (...written: unknown[]) => void printed.push(written))
  t.mock.method(process.stderr, 'write', (written: unknown) => printed.push(written) > 0)
  const { fake, yahoo } = await createYahooHarness(t)
  await quotesOf(yahoo, ['AAPL'])
  const answers = [
    INVALID_CRUMB,
    { status: 404 },
    json('{"x":{"error":{"code":1}}}', 400),
    { status: 500 },
    { body: '<html>' },
  ]
  for (const answer of answers) {
    fake.answer(QUOTE_PATH, () => answer)
    await quotesOf(yahoo, ['AAPL']).catch(() => undefined)
  }
  assert.deepEqual(printed, [])
})

test('a cookie for a foreign domain beside a quote does no harm', async (t) => {
  const { fake, yahoo } = await createYahooHarness(t)
  const body = quoteReply([yahooQuote('AAPL', '1')])
  fake.answer(QUOTE_PATH, () => ({ body, headers: { 'set-cookie': 'a=b; Domain=example.com' } }))
  assert.deepEqual((await quotesOf(yahoo, ['AAPL'])).map(summaryOf), ['AAPL 1'])
})

test('a search returns canonical symbols, and leaves out what cannot be one', async (t) => {
  const { fake, yahoo } = await createYahooHarness(t)
  const berkshire = { symbol: 'BRK-B', longname: 'Berkshire Hathaway Inc.', exchDisp: 'NYSE', quoteType: 'EQUITY' }
  const quotes = [
    berkshire,
    { symbol: 'EURUSD=X', shortname: 'EUR/USD' },
    { name: 'AAPlasma' },
    { symbol: '../etc' },
    null,
  ]
  fake.answer(SEARCH_PATH, () => json(JSON.stringify({ quotes })))
  assert.deepEqual(await yahoo.searchSymbols?.('brk b', t.signal), [
    { symbol: 'BRK.B', providerSymbol: 'BRK-B', name: 'Berkshire Hathaway Inc.', exchange: 'NYSE', kind: 'equity' },
    { symbol: 'EURUSD', providerSymbol: 'EURUSD=X', name: 'EUR/USD', exchange: null, kind: null },
  ])
  assert.equal(fake.asked[0]?.query.get('q'), 'brk b')
  fake.answer(SEARCH_PATH, () => ({ body: '<html>' }))
  await assert.rejects(async () => yahoo.searchSymbols?.('brk', t.signal), { code: 'provider_bad_data' })
})
