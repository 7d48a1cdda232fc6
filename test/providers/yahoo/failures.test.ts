import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ServiceError } from '../../../src/errors.ts'
import { createYahoo } from '../../../src/providers/yahoo/provider.ts'
import { NOW, createTestClock, createYahooHarness, quotesOf, summaryOf } from '../../support/yahoo-harness.ts'
import {
  CRUMB_PATH,
  PAGE_PATH,
  QUOTE_PATH,
  json,
  quoteReply,
  yahooQuote,
  type YahooAnswer,
} from '../../support/yahoo-fake.ts'

test('after a 429 no request is sent until Retry-After is over, and every caller learns how long that is', async (t) => {
  const { fake, yahoo, clock } = await createYahooHarness(t)
  let limited = true
  fake.answer(QUOTE_PATH, () => {
    return limited ? { status: 429, headers: { 'retry-after': '120' } } : json(quoteReply([yahooQuote('AAPL', '1')]))
  })
  await assert.rejects(quotesOf(yahoo, ['AAPL']), limitedFor(120))
  limited = false
  clock.advance(30_000)
  const before = fake.asked.length
  await assert.rejects(quotesOf(yahoo, ['MSFT']), limitedFor(90))
  assert.equal(fake.asked.length, before)
  clock.advance(90_000)
  assert.deepEqual((await quotesOf(yahoo, ['AAPL'])).map(summaryOf), ['AAPL 1'])
})

test('a 429 without Retry-After, to the request for cookies too, means a minute', async (t) => {
  const { fake, yahoo } = await createYahooHarness(t)
  fake.answer(PAGE_PATH, () => ({ status: 429, body: 'Edge: Too Many Requests' }))
  await assert.rejects(quotesOf(yahoo, ['AAPL']), limitedFor(60))
})

const REFUSED: readonly { name: string; answer: YahooAnswer; code: string }[] = [
  {
    name: 'HTML instead of JSON',
    answer: { body: `<!DOCTYPE html>${'x'.repeat(1_800_000)}` },
    code: 'provider_bad_data',
  },
  { name: 'five megabytes', answer: { body: Buffer.alloc(5 * 1024 * 1024, ' ') }, code: 'provider_bad_data' },
  { name: 'JSON of another shape', answer: json('{"somethingWeird":true}'), code: 'provider_bad_data' },
  { name: 'half a reply', answer: json('{"quoteResponse":{"result":[{"sym'), code: 'provider_bad_data' },
  { name: 'status 503', answer: { status: 503 }, code: 'provider_unavailable' },
  { name: 'status 403', answer: { status: 403 }, code: 'provider_unavailable' },
  { name: 'a reply that never ends', answer: { body: '{"quoteResponse":', hang: true }, code: 'provider_timeout' },
  { name: 'a redirect to a stranger', answer: redirectTo('https://yahoo.example/x'), code: 'provider_bad_data' },
  {
    name: 'a redirect to plain http',
    answer: redirectTo('http://query2.finance.yahoo.com/x'),
    code: 'provider_bad_data',
  },
  { name: 'a redirect in circles', answer: redirectTo('/v7/finance/quote'), code: 'provider_bad_data' },
]

for (const { name, answer, code } of REFUSED) {
  test(`${name} is ${code}, and the next good reply is used`, async (t) => {
    const { fake, yahoo } = await createYahooHarness(t, { timeoutMs: code === 'provider_timeout' ? 1500 : 10_000 })
    let bad = true
    fake.answer(QUOTE_PATH, () => (bad ? answer : json(quoteReply([yahooQuote('AAPL', '1')]))))
    await assert.rejects(quotesOf(yahoo, ['AAPL']), { code, details: { provider: 'yfinance' } })
    bad = false
    assert.deepEqual((await quotesOf(yahoo, ['AAPL'])).map(summaryOf), ['AAPL 1'])
  })
}

test('a sign-in that hangs ends with a timeout, and the next caller starts a new one', async (t) => {
  const { fake, yahoo } = await createYahooHarness(t, { timeoutMs: 1500 })
  let hang = true
  fake.answer(CRUMB_PATH, () => ({ body: hang ? '' : 'crumb1', hang }))
  await assert.rejects(quotesOf(yahoo, ['AAPL']), { code: 'provider_timeout' })
  hang = false
  assert.deepEqual((await quotesOf(yahoo, ['AAPL'])).map(summaryOf), ['AAPL 196.45'])
})

test('a redirect within Yahoo is followed, with the host that it names', async (t) => {
  const { fake, yahoo } = await createYahooHarness(t)
  fake.answer(QUOTE_PATH, () => redirectTo('https://query1.finance.yahoo.com/v8/quote?moved=1'))
  fake.answer('/v8/quote', () => json(quoteReply([yahooQuote('AAPL', '1')])))
  assert.deepEqual((await quotesOf(yahoo, ['AAPL'])).map(summaryOf), ['AAPL 1'])
  assert.equal(fake.asked.at(-1)?.host, 'query1.finance.yahoo.com')
})

test('a request whose connection breaks before the reply is sent once more', async (t) => {
  const { fake } = await createYahooHarness(t)
  let breaks = 1
  const flaky: typeof fetch = async (input, init) => {
    if (breaks-- > 0) throw new TypeError('fetch failed')
    return fetch(input, init)
  }
  const yahoo = createYahoo({ clock: createTestClock(), baseUrl: fake.url, fetch: flaky })
  assert.deepEqual((await quotesOf(yahoo, ['AAPL'])).map(summaryOf), ['AAPL 196.45'])
  breaks = Infinity
  await assert.rejects(quotesOf(yahoo, ['AAPL']), { code: 'provider_unavailable' })
})

test('an unreachable provider is reported with the error code of the system', async () => {
  const yahoo = createYahoo({ clock: createTestClock(), baseUrl: 'http://no-such-host.invalid' })
  await assert.rejects(quotesOf(yahoo, ['AAPL']), {
    code: 'provider_unavailable',
    message: /^yfinance cannot be reached \((ENOTFOUND|EAI_AGAIN)\)\.$/,
  })
})

test('five failures in a row open the circuit for 30 seconds; then one request tests whether Yahoo is back', async (t) => {
  const { fake, yahoo, clock } = await createYahooHarness(t)
  let down = true
  fake.answer(QUOTE_PATH, () => (down ? { status: 500 } : json(quoteReply([yahooQuote('AAPL', '1')]))))
  for (let failure = 1; failure <= 5; failure++) await assert.rejects(quotesOf(yahoo, ['AAPL']))
  const before = fake.asked.length
  await assert.rejects(quotesOf(yahoo, ['AAPL']), {
    code: 'provider_unavailable',
    details: { provider: 'yfinance', retryAfterSeconds: 30, wasHeldBack: true },
  })
  assert.equal(fake.asked.length, before)
  down = false
  clock.advance(30_001)
  assert.deepEqual((await quotesOf(yahoo, ['AAPL'])).map(summaryOf), ['AAPL 1'])
  assert.equal(fake.asked.length, before + 1)
})

test('an open circuit is logged once, without a stack, and once more when it closes', async (t) => {
  const { fake, clock } = await createYahooHarness(t)
  const lines: string[] = []
  const log = {
    info: (details: object, message: string) => void lines.push(`info ${JSON.stringify(details)} ${message}`),
    warn: (details: object, message: string) => void lines.push(`warn ${JSON.stringify(details)} ${message}`),
  }
  const yahoo = createYahoo({ clock, log, baseUrl: fake.url })
  let down = true
  fake.answer(QUOTE_PATH, () => (down ? { status: 500 } : json(quoteReply([yahooQuote('AAPL', '1')]))))
  for (let failure = 1; failure <= 5; failure++) await assert.rejects(quotesOf(yahoo, ['AAPL']))
  for (let tries = 1; tries <= 4; tries++) {
    clock.advance(30_001)
    down = tries < 4
    await quotesOf(yahoo, ['AAPL']).catch(() => {})
  }
  assert.deepEqual(lines, [
    'warn {"provider":"yfinance","reason":"yfinance answered with status 500."} Circuit opened; next try in 30 s.',
    'info {"provider":"yfinance"} Circuit closed; the provider responds again.',
  ])
})

test('an open circuit names the cause and the time of the next try, whatever the clock is set to meanwhile', async (t) => {
  const { fake, yahoo, clock } = await createYahooHarness(t)
  fake.answer(QUOTE_PATH, () => ({ status: 500 }))
  for (let failure = 1; failure <= 5; failure++) await assert.rejects(quotesOf(yahoo, ['AAPL']))
  await assert.rejects(quotesOf(yahoo, ['AAPL']), refusedUntil('2025-06-15T20:31:30Z'))
  clock.set(NOW - 3_600_000)
  await assert.rejects(quotesOf(yahoo, ['AAPL']), refusedUntil('2025-06-15T19:31:30Z'))
  clock.set(NOW + 3_600_000)
  const before = fake.count(QUOTE_PATH)
  await assert.rejects(quotesOf(yahoo, ['AAPL']), refusedUntil('2025-06-15T21:31:30Z'))
  assert.equal(fake.count(QUOTE_PATH), before)
  clock.advance(30_000)
  await assert.rejects(quotesOf(yahoo, ['AAPL']), { message: 'yfinance answered with status 500.' })
  assert.equal(fake.count(QUOTE_PATH), before + 1)
})

test('while one request tests whether Yahoo is back, no other is sent', async (t) => {
  const { fake, yahoo, clock } = await createYahooHarness(t)
  let down = true
  fake.answer(QUOTE_PATH, () => (down ? { status: 500 } : json(quoteReply([yahooQuote('AAPL', '1')]))))
  for (let failure = 1; failure <= 5; failure++) await assert.rejects(quotesOf(yahoo, ['AAPL']))
  down = false
  clock.advance(30_000)
  const before = fake.count(QUOTE_PATH)
  const answers = await Promise.allSettled([quotesOf(yahoo, ['AAPL']), quotesOf(yahoo, ['AAPL'])])
  assert.deepEqual(
    answers.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  )
  assert.equal(fake.count(QUOTE_PATH), before + 1)
})

test('errors of one symbol, however many, never open the circuit', async (t) => {
  const { fake, yahoo } = await createYahooHarness(t)
  fake.quote('BAD', yahooQuote('BAD', '"Infinity"'))
  for (let times = 1; times <= 7; times++) await quotesOf(yahoo, ['BAD', 'NONE'])
  fake.answer(QUOTE_PATH, ({ query }) => {
    return query.get('symbols') === 'AAPL' ? json(quoteReply([yahooQuote('AAPL', '1')])) : json('{}', 404)
  })
  for (let times = 1; times <= 7; times++) {
    assert.deepEqual((await quotesOf(yahoo, ['BAD'])).map(summaryOf), ['BAD provider_bad_data'])
  }
  assert.deepEqual((await quotesOf(yahoo, ['AAPL'])).map(summaryOf), ['AAPL 1'])
})

function limitedFor(seconds: number): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ServiceError)
    assert.equal(error.code, 'provider_rate_limited')
    assert.equal(error.details.retryAfterSeconds, seconds)
    return true
  }
}

function refusedUntil(time: string) {
  return {
    message: `yfinance failed 5 times in a row, last with: yfinance answered with status 500. Next try at ${time}.`,
  }
}

function redirectTo(location: string): YahooAnswer {
  return { status: 302, headers: { location } }
}
