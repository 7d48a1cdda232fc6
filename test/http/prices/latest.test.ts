import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ServiceError } from '../../../src/errors.ts'
import type { Decimal } from '../../../src/lib/decimal.ts'
import { instantFromMillis } from '../../../src/lib/instant.ts'
import { createHttpService } from '../../support/http-service.ts'

const EXACT = '123456789.123456789012'

test('the newest price has the members of the original service, and everything that tells how far to trust it', async (t) => {
  const { ask, source } = await createHttpService(t)
  source.says('AAPL', { price: '196.4500' as Decimal, previousClose: '190' as Decimal, providerSymbol: 'aapl' })
  const { age_ms, timestamp, received_at, confirmed_at, ...price } = (await ask('/prices/latest?symbol=AAPL')).json()
  assert.deepEqual(price, {
    symbol: 'AAPL',
    price: 196.45,
    provider: 'scripted',
    currency: 'USD',
    price_id: '1',
    raw_response_id: '1',
    market_state: 'open',
    delay_seconds: 0,
    freshness: 'fresh',
    provider_symbol: 'aapl',
    previous_close: 190,
    change: 6.45,
    change_percent: 3.3947,
  })
  assert.ok(age_ms >= 0 && age_ms < 60_000)
  for (const time of [timestamp, received_at, confirmed_at]) assert.match(time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
})

test('a price is returned with exactly the digits received', async (t) => {
  const { ask, source } = await createHttpService(t)
  source.says('EXACT', { price: EXACT as Decimal, previousClose: '123456789.123456789011' as Decimal })
  const { text } = await ask('/prices/latest?symbol=EXACT')
  assert.match(text, /"price":123456789\.123456789012,/)
  assert.match(text, /"change":0\.000000000001,"change_percent":0\.0000\b/)
  source.says('ZEROS', { price: '197.1000' as Decimal })
  assert.match(
    (await ask('/prices/latest?symbols=ZEROS,EXACT')).text,
    /"price":197\.1000,.*"price":123456789\.123456789012,/,
  )
})

test('pence stay pence and are labelled, and a price outside the session is shown beside the price', async (t) => {
  const { ask, source } = await createHttpService(t)
  const extended = { price: '5.25' as Decimal, timestamp: instantFromMillis(Date.now()), session: 'post' } as const
  source.says('VOD.L', { price: '73.5' as Decimal, currency: 'GBp', marketState: 'post', extended })
  const price = (await ask('/prices/latest?symbol=vod.l')).json()
  assert.deepEqual(price.unit, { major: 'GBP', per_major: 100 })
  assert.deepEqual([price.price, price.currency, price.freshness], [73.5, 'GBp', 'closed'])
  assert.deepEqual(price.extended, extended.price ? { ...extended, price: 5.25 } : undefined)
  const pounds = (await ask('/prices/latest?symbol=VOD.L&currency=GBP')).json()
  assert.deepEqual([pounds.code, pounds.detail], ['no_price', 'No price of VOD.L in GBP from scripted.'])
})

test('a thousand concurrent callers of one stale symbol cause one provider request', async (t) => {
  const { ask, source } = await createHttpService(t)
  source.takes(300)
  const callers = Array.from({ length: 1_000 }, () => ask('/prices/latest?symbol=AAPL&max_age=0'))
  const answers = await Promise.all(callers)
  assert.deepEqual(new Set(answers.map((answer) => answer.status)), new Set([200]))
  assert.deepEqual(new Set(answers.map((answer) => answer.json().price_id)), new Set(['1']))
  assert.deepEqual(source.asked, [['AAPL']])
})

test('a price confirmed within max_age is answered from the database, and 0 always queries the provider', async (t) => {
  const { ask, source } = await createHttpService(t)
  for (const query of ['', '&max_age=3600', '&max_age=60', '&provider=alias']) {
    assert.equal((await ask(`/prices/latest?symbol=AAPL${query}`)).status, 200)
  }
  assert.equal(source.asked.length, 1)
  await ask('/prices/latest?symbol=AAPL&max_age=0')
  assert.equal(source.asked.length, 2)
})

test('several symbols are fetched in one request without duplicates, and one failure does not affect the others', async (t) => {
  const { ask, source } = await createHttpService(t)
  source.says('NONE', new ServiceError('symbol_not_found', 'No such symbol.', { symbol: 'NONE' }))
  const answer = await ask('/prices/latest?symbols=aapl,NONE,BRK-B,AAPL')
  assert.equal(answer.status, 200)
  const { data } = answer.json()
  assert.deepEqual(
    data.map((entry: { symbol: string; error?: { code: string } }) => [entry.symbol, entry.error?.code]),
    [
      ['AAPL', undefined],
      ['NONE', 'symbol_not_found'],
      ['BRK.B', undefined],
    ],
  )
  assert.equal(data[1].error.request_id, answer.headers['x-request-id'])
  assert.deepEqual(source.asked, [['AAPL', 'NONE', 'BRK.B']])
})

test('if the provider fails, the error carries the last known price, or stale_if_error answers with it', async (t) => {
  const { ask, source } = await createHttpService(t)
  source.says('AAPL', { price: EXACT as Decimal })
  await ask('/prices/latest?symbol=AAPL')
  source.fails(new ServiceError('provider_timeout', 'Too slow.', { provider: 'scripted' }))
  const failed = await ask('/prices/latest?symbol=AAPL&max_age=0')
  assert.equal(failed.status, 504)
  assert.match(failed.text, /"last_known":\{"symbol":"AAPL","price":123456789\.123456789012,/)
  const stale = await ask('/prices/latest?symbol=AAPL&max_age=0&stale_if_error=true')
  assert.deepEqual([stale.status, stale.json().freshness], [200, 'fresh'])
  const many = (await ask('/prices/latest?symbols=AAPL,MSFT&max_age=0&stale_if_error=true')).json()
  assert.equal(many.data[0].price_id, '1')
  assert.equal(many.data[1].error.code, 'provider_timeout')
})

test('an unknown symbol is a valid answer: it is 404 even if an old price is stored', async (t) => {
  const { ask, source } = await createHttpService(t)
  await ask('/prices/latest?symbol=AAPL')
  source.says('AAPL', new ServiceError('symbol_delisted', 'Gone.', { symbol: 'AAPL' }))
  const answer = await ask('/prices/latest?symbol=AAPL&max_age=0&stale_if_error=true')
  assert.deepEqual([answer.status, answer.json().last_known], [404, undefined])
})

test('a symbol that the provider leaves out for once is its failure, with the last known price', async (t) => {
  const { ask, source } = await createHttpService(t)
  await ask('/prices/latest?symbol=AAPL')
  source.says('AAPL', unknown('AAPL'))
  source.says('NOPE', unknown('NOPE'))
  const failed = await ask('/prices/latest?symbol=AAPL&max_age=0')
  const { code, retryable, last_known } = failed.json()
  assert.deepEqual([failed.status, code, retryable, last_known.price], [502, 'provider_bad_data', true, 100])
  const stale = await ask('/prices/latest?symbol=AAPL&max_age=0&stale_if_error=true')
  assert.deepEqual([stale.status, stale.json().price], [200, 100])
  assert.deepEqual([(await ask('/prices/latest?symbol=NOPE')).json().code], ['symbol_not_found'])
})

test('a minor unit is named with how many make a whole, thousandths included', async (t) => {
  const { ask, source } = await createHttpService(t)
  const units = {
    GBX: ['GBP', 100],
    ZAC: ['ZAR', 100],
    EUX: ['EUR', 100],
    KWF: ['KWD', 1000],
    USD: [undefined, undefined],
  }
  for (const [currency, [major, per]] of Object.entries(units)) {
    source.says(currency, { currency })
    const { unit } = (await ask(`/prices/latest?symbol=${currency}`)).json()
    assert.deepEqual([unit?.major, unit?.per_major], [major, per], currency)
  }
})

test('a spelling of another vendor is refused with the one to write', async (t) => {
  const { ask } = await createHttpService(t)
  const hinted = async (path: string, body?: object) =>
    (await ask(path, body ? { method: 'POST', body } : {})).json().errors.map((one: { detail: string }) => one.detail)
  assert.deepEqual(await hinted('/prices/latest?symbol=BRK/B'), ['is not a symbol: Yahoo writes BRK-B'])
  assert.deepEqual(await hinted('/prices/latest?symbols=MSFT,$AAPL'), [
    '"$AAPL" is not a symbol: write AAPL, without the dollar sign',
  ])
  assert.deepEqual(await hinted('/prices/history?symbol=eur/usd'), ['is not a symbol: Yahoo writes EURUSD=X'])
  assert.match((await hinted('/prices/poll', { symbol: 'ES1!', interval_minutes: 1 })).join(), /Yahoo writes ES=F/)
})

function unknown(symbol: string): ServiceError {
  return new ServiceError('symbol_not_found', 'Unknown symbol.', { provider: 'scripted', symbol })
}

test('the error of a provider without a price names the other providers that have one', async (t) => {
  const { ask, store, source, pool } = await createHttpService(t)
  await store({ symbol: 'AAPL', price: '5' })
  await pool.query("update series set provider = 'import'")
  source.says('AAPL', new ServiceError('provider_unavailable', 'scripted is down.'))
  const failed = await ask('/prices/latest?symbol=AAPL')
  assert.deepEqual([failed.status, failed.json().code, failed.json().others], [502, 'provider_unavailable', ['import']])
  await store({ symbol: 'MSFT', price: '7' })
  const missing = await ask('/prices/latest?symbol=MSFT&provider=import')
  assert.deepEqual([missing.status, missing.json().code, missing.json().others], [404, 'no_price', ['scripted']])
  const none = await ask('/prices/latest?symbol=NONE&provider=import')
  assert.deepEqual([none.status, none.json().others], [404, undefined])
  const list = (await ask('/prices/latest?symbols=MSFT,NONE&provider=import')).json().data
  assert.deepEqual([list[0].error.others, list[1].error.others], [['scripted'], undefined])
})
