import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHttpService, type Json } from '../../support/http-service.ts'
import { replyAsYahoo } from '../../support/yahoo-replies.ts'
import { createRandom } from '../../support/random.ts'
import { quoteReply } from '../../support/yahoo-fake.ts'

const REPLIES = 2_000
const HOSTILE = ['AAPL', 'VOD.L', 'BRK.B']
/** Quoted well in every reply, each time at a new price. */
const GOOD = ['MSFT', 'EURUSD']
const REFUSALS = new Set(['provider_bad_data', 'symbol_not_found', 'symbol_delisted', 'no_price'])

// oxfmt-ignore
/** JSON source texts that have bitten a parser, a database or a browser. */
const NASTY = [
  'null', 'true', '[]', '{}', '""', '"\\u0000"', '"\\ud800"', '"a\\udc00b"', '"\\u202e"', '"__proto__"', '[[[[1]]]]',
  '0', '-0', '-1', '1e-400', '1e400', '1e99', '1e15', '999999999999999.9', '1e-18', '9e-19', '1e9', '2147483648', '1.5',
  '0.1e1', '9007199254740993', '123456789012345678901234567890123456789012345', '"1"', '"NaN"', '"Infinity"',
  '{"raw":1}', '{"raw":{"raw":1}}', '{"raw":"1","fmt":"1"}', '253402300799', '253402300800', '1750019427000', '-62135596801',
  '"USD"', '"GBp"', '"US D"', '"é"', '"\\"; drop table prices; --"', '"{1,2}"', '"NULL"', '"\\\\N"', '"\\ufeff"', '"REGULAR"',
  '"OVERNIGHT"', '"NONE"', '"CRYPTOCURRENCY"', '"constructor"', `"${'x'.repeat(5_000)}"`, `"${'😀'.repeat(300)}"`,
]
// oxfmt-ignore
const MEMBERS = [
  'symbol', 'quoteType', 'currency', 'regularMarketTime', 'regularMarketPrice', 'marketState', 'exchangeDataDelayedBy',
  'regularMarketPreviousClose', 'preMarketPrice', 'preMarketTime', 'postMarketPrice', 'postMarketTime', 'longName',
  'shortName', 'exchange', 'fullExchangeName', '__proto__', 'toString',
]

type Random = () => number

function pick<T>(random: Random, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)] as T
}

/** A quote in the shape of Yahoo's; some of its members are replaced. */
function quoteText(symbol: string, price: string, nasty: readonly (readonly [string, string])[]): string {
  const members = new Map([
    ['symbol', JSON.stringify(symbol)],
    ['quoteType', '"EQUITY"'],
    ['currency', '"USD"'],
    ['marketState', '"POST"'],
    ['regularMarketTime', String(Math.floor(Date.now() / 1000) - 60)],
    ['regularMarketPrice', price],
    ['longName', '"Some Inc."'],
    ...nasty,
  ])
  return `{${[...members].map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`
}

function hostileQuote(random: Random, symbol: string): string {
  const count = 1 + Math.floor(random() * 4)
  const nasty = Array.from({ length: count }, () => [pick(random, MEMBERS), pick(random, NASTY)] as const)
  return quoteText(symbol, '1.25', nasty)
}

function generateReply(random: Random, goodPrice: string): string {
  const hostile = HOSTILE.flatMap((symbol) =>
    random() < 0.1 ? [] : [hostileQuote(random, symbol.replace('BRK.', 'BRK-'))],
  )
  const strangers = random() < 0.2 ? [hostileQuote(random, 'META'), pick(random, NASTY)] : []
  const good = [quoteText('MSFT', goodPrice, []), quoteText('EURUSD=X', goodPrice, [])]
  const quotes = [...hostile, ...strangers, ...good]
  return quoteReply(
    quotes
      .map((quote) => [random(), quote] as const)
      .toSorted(([a], [b]) => a - b)
      .map(([, quote]) => quote),
  )
}

test('no reply of a provider, whatever its values, causes a failure of ours or harms its neighbours', async (t) => {
  const random = createRandom(13)
  let body = ''
  const { ask, pool, source } = await createHttpService(t)
  replyAsYahoo(source, () => body)
  for (let reply = 1; reply <= REPLIES; reply++) {
    const price = `${100 + reply}.5`
    body = generateReply(random, price)
    const { status, text, json } = await ask(`/prices/latest?symbols=${[...HOSTILE, ...GOOD].join()}&max_age=0`)
    assert.equal(status, 200, `${reply}: ${text} for ${body}`)
    for (const { symbol, price: answered, error } of json().data as Json[]) {
      if (GOOD.includes(symbol)) assert.equal(answered, Number(price), `${reply}: ${symbol} of ${body}`)
      else if (error) assert.ok(REFUSALS.has(error.code), `${reply}: ${error.code} for ${body}`)
    }
  }
  for (const [what, query] of Object.entries(BROKEN_RULES)) {
    assert.deepEqual((await pool.query(query)).rows, [], what)
  }
  assert.equal((await ask('/symbols')).status, 200)
  assert.equal((await ask('/health')).status, 200)
})

const BROKEN_RULES = {
  prices: `select price, event_time from prices
    where price < 1e-18 or price >= 1e15 or event_time > received_at + interval '2 min' or event_time <= '1970-01-01'`,
  currencies: `select currency from series where currency !~ '^[!-~]{1,16}$' or symbol not in ('AAPL','VOD.L','BRK.B','MSFT','EURUSD')`,
  states: `select * from series_state
    where delay_seconds not between 0 and 604800 or extended_price < 1e-18 or extended_price >= 1e15
       or extended_at > confirmed_at + interval '2 min' or previous_close < 1e-18 or previous_close >= 1e15
       or provider_symbol !~ '^[!-~]{1,64}$'
       or market_state not in ('pre', 'open', 'post', 'closed', 'always', 'unknown')`,
  details: `select * from symbol_details
    where name ~ '[[:cntrl:]]' or length(name) > 200 or length(exchange) > 200 or length(type) > 200`,
}
