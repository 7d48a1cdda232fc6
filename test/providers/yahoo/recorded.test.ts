import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../../src/lib/clock.ts'
import { ServiceError } from '../../../src/errors.ts'
import { validateQuote } from '../../../src/core/ingest/validate-quote.ts'
import type { Quote, QuoteResult, QuoteProvider } from '../../../src/core/prices/quote.ts'
import { canonicalSymbol } from '../../../src/lib/symbol.ts'
import { createYahoo } from '../../../src/providers/yahoo/provider.ts'
import {
  recordings,
  recordingsAbsent,
  replayRecordings,
  transcribed,
  type Recording,
} from '../../support/yahoo-recordings.ts'
import { QUOTE_PATH, SEARCH_PATH, createYahooFake, json, yahooQuote } from '../../support/yahoo-fake.ts'

type RecordedQuote = {
  symbol: string
  quoteType?: string
  currency?: string
  marketState?: string
  regularMarketPrice?: number
  regularMarketTime?: number
  regularMarketPreviousClose?: number
  exchangeDataDelayedBy?: number
}
type Expected = Partial<Quote> | { error: string }

const skip = recordingsAbsent
const STATES = { PREPRE: 'closed', PRE: 'pre', REGULAR: 'open', POST: 'post', POSTPOST: 'closed', CLOSED: 'closed' }

test(
  'every recorded quote reply goes through the real client to the right price, or the right refusal',
  { skip },
  async (t) => {
    const all = [...recordings('yf2-2025/quote'), ...recordings('yf2-2021/quote-market-hours')]
    const fake = await createYahooFake(t)
    const yahoo = createYahoo({ clock: systemClock, baseUrl: fake.url })
    const counts: Record<string, number> = {}
    for (const recording of all) {
      fake.answer(QUOTE_PATH, () => recording.answer)
      const symbols = (recording.url.searchParams.get('symbols') ?? '').split(',')
      const results = await quotesOf(yahoo, symbols)
      const expected = symbols.map((symbol) => expectedOf(recording, symbol))
      assert.deepEqual(
        results.map((result, at) => summaryOf(result, expected[at])),
        expected,
        recording.name,
      )
      for (const one of expected) {
        const kind = 'error' in one ? one.error : 'price'
        counts[kind] = (counts[kind] ?? 0) + 1
      }
    }
    assert.ok(all.length >= 56, `only ${all.length} recordings were found`)
    t.diagnostic(`${all.length} recorded replies: ${JSON.stringify(counts)}`)
  },
)

test('the recorded sign-ins through cookies and consent lead to the crumb and a price', { skip }, async (t) => {
  const quote = recordings('yf2-2025/quote', 'quote-AAPL.json')
  const flows = {
    2025: recordings('yf2-2025/crumb-consent').filter(({ name }) => name !== 'getCrumb-quote-AAPL.json'),
    2023: recordings('yf2-2021/errors', 'getCrumb'),
  }
  for (const flow of Object.values(flows)) {
    const fake = await createYahooFake(t)
    replayRecordings(fake, [...flow, ...quote])
    const [result] = await quotesOf(createYahoo({ clock: systemClock, baseUrl: fake.url }), ['AAPL'])
    assert.ok(result && 'quote' in result)
    assert.equal(result.quote.price, '244.6')
    assert.deepEqual(
      fake.asked.map(({ method, host }) => `${method} ${host}`),
      [
        'GET finance.yahoo.com',
        'GET guce.yahoo.com',
        'GET consent.yahoo.com',
        'POST consent.yahoo.com',
        'GET guce.yahoo.com',
        'GET finance.yahoo.com',
        'GET query1.finance.yahoo.com',
        'GET query2.finance.yahoo.com',
      ],
    )
    assert.match(fake.asked.at(-1)?.cookie ?? '', /A1S?=/)
  }
})

test('recorded error bodies become service errors, never prices', { skip }, async (t) => {
  const [status404, unknownError, weird] = recordings('yf2-2021/errors', 'pageWith').concat(
    recordings('yf2-2021/errors', 'weird'),
  )
  for (const recording of [status404, unknownError]) {
    const yahoo = await answering(t, recording?.answer ?? {})
    assert.deepEqual((await quotesOf(yahoo, ['AAPL', 'MSFT'])).map(codeOf), ['provider_bad_data', 'provider_bad_data'])
  }
  const refusals = [
    [weird?.answer ?? {}, 'provider_bad_data'],
    [json(transcribed('401-quote-invalid-crumb.json'), 401), 'provider_unavailable'],
    [json(transcribed('401-quote-invalid-crumb-for-developers.json'), 401), 'provider_unavailable'],
    [{ status: 429, body: transcribed('429-too-many-requests.txt') }, 'provider_rate_limited'],
    [{ status: 429, body: transcribed('429-edge-too-many-requests.txt') }, 'provider_rate_limited'],
  ] as const
  for (const [answer, code] of refusals) {
    await assert.rejects(quotesOf(await answering(t, answer), ['AAPL']), { code })
  }
})

test('recorded searches return canonical symbols, without the companies that have none', { skip }, async (t) => {
  const fake = await createYahooFake(t)
  const yahoo = createYahoo({ clock: systemClock, baseUrl: fake.url })
  const searches = recordings('yf2-2025/search').filter(({ name }) => !name.includes('badResult'))
  for (const recording of searches) {
    fake.answer(SEARCH_PATH, () => recording.answer)
    const { quotes } = recording.json as { quotes: { symbol?: string; quoteType?: string }[] }
    const expected = quotes.filter(({ symbol }) => symbol !== undefined)
    const matches = await yahoo.searchSymbols?.('whatever', t.signal)
    assert.deepEqual(
      matches?.map(({ providerSymbol }) => providerSymbol),
      expected.map(({ symbol }) => symbol),
      recording.name,
    )
    assert.deepEqual(
      matches?.map(({ kind }) => kind),
      expected.map(({ quoteType }) => quoteType?.toLowerCase() ?? null),
    )
  }
  t.diagnostic(`${searches.length} recorded searches`)
})

async function answering(t: TestContext, answer: Recording['answer']): Promise<QuoteProvider> {
  const fake = await createYahooFake(t)
  fake.quote('AAPL', yahooQuote('AAPL', '1'))
  fake.answer(QUOTE_PATH, () => answer)
  return createYahoo({ clock: systemClock, baseUrl: fake.url })
}

async function quotesOf(yahoo: QuoteProvider, symbols: readonly string[]): Promise<readonly QuoteResult[]> {
  const reply = await yahoo.fetchReply(symbols.map(canonicalSymbol), new AbortController().signal)
  const results = yahoo.parseReply(reply)
  for (const result of results) {
    if ('quote' in result) assert.equal(validateQuote(result.quote, reply.receivedAt), undefined)
  }
  return results
}

function expectedOf(recording: Recording, symbol: string): Expected {
  const { quoteResponse } = recording.json as { quoteResponse: { result: RecordedQuote[] } }
  const item = quoteResponse.result.find((one) => one.symbol === symbol)
  if (!item) return { error: 'symbol_not_found' }
  if (item.quoteType === 'NONE') return { error: 'symbol_delisted' }
  if (item.regularMarketPrice === undefined) return { error: 'no_price' }
  const at = new Date((item.regularMarketTime ?? Number.NaN) * 1000)
  const state = STATES[item.marketState as keyof typeof STATES] as Quote['marketState']
  return {
    providerSymbol: symbol,
    price: String(item.regularMarketPrice) as Quote['price'],
    eventTime: at.toISOString().replace('.000Z', 'Z') as Quote['eventTime'],
    currency: item.currency ?? null,
    marketState: item.quoteType === 'CRYPTOCURRENCY' ? 'always' : state,
    delaySeconds: item.exchangeDataDelayedBy === undefined ? null : item.exchangeDataDelayedBy * 60,
    // Zero is Yahoo's word for "none".
    previousClose: (item.regularMarketPreviousClose ? String(item.regularMarketPreviousClose) : null) as Quote['price'],
  }
}

/** Of a result the members that the expectation speaks of. */
function summaryOf(result: QuoteResult, expected: Expected | undefined): unknown {
  if ('error' in result) return { error: result.error.code }
  return Object.fromEntries(Object.keys(expected ?? {}).map((name) => [name, result.quote[name as keyof Quote]]))
}

function codeOf(result: QuoteResult): string {
  return 'error' in result && result.error instanceof ServiceError ? result.error.code : 'price'
}
