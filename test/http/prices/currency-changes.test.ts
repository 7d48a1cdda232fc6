import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { createStoreReply } from '../../../src/postgres/ingest/store-reply.ts'
import { createHttpService, type HttpService, type Json } from '../../support/http-service.ts'
import type { GivenPrice } from '../../support/scripted-provider.ts'
import { storePrices } from '../../support/store-prices.ts'
import { until } from '../../support/until.ts'

const IN_PENCE = '70000'
const PRICES = { GBp: IN_PENCE, GBP: '700', EUR: '810' } as const
type Currency = keyof typeof PRICES

const START = Date.now() - 60_000
const at = (second: number) => new Date(START + second * 1_000).toISOString()

/** The same event time in a currency, as the reply of a later second has it. */
function quoted(currency: Currency, second: number): Partial<GivenPrice> {
  return { symbol: 'VOD.L', price: PRICES[currency], currency, time: at(3), receivedAt: at(10 + second) }
}

async function createVod(t: TestContext) {
  const service = await createHttpService(t)
  const earlier = Object.entries(PRICES).flatMap(([currency, price]) =>
    [at(1), at(2)].map((time) => ({ symbol: 'VOD.L', price, currency, time, receivedAt: time })),
  )
  await service.store(...earlier)
  return service
}

/** Currency of the newest price, and of the newest average over three. */
async function newestOf({ ask }: Pick<HttpService, 'ask'>): Promise<[Json, Json]> {
  const price = (await ask('/prices/latest?symbol=VOD.L&max_age=3600')).json()
  const average = (await ask('/moving-averages/latest?symbol=VOD.L&window=3')).json()
  assert.equal(price.price, Number(PRICES[price.currency as Currency]))
  assert.equal(average.average, Number(PRICES[average.currency as Currency]))
  return [price.currency, average.currency]
}

test('of three currencies with one event time, price and average are in the one that the provider stated last', async (t) => {
  const service = await createVod(t)
  const order = ['GBp', 'GBP', 'EUR', 'GBp', 'EUR', 'GBP'] as const
  for (const [second, currency] of order.entries()) {
    await service.store(quoted(currency, second))
    assert.deepEqual(await newestOf(service), [currency, currency], `reply ${second}`)
  }
  const several = (await service.ask('/moving-averages/latest?symbols=VOD.L&window=3')).json().data
  assert.equal(several[0].data[0].currency, 'GBP')
})

test('a currency that comes back is seen by a process that did not store it', async (t) => {
  const service = await createVod(t)
  await service.store(quoted('GBp', 1), quoted('GBP', 2))
  assert.deepEqual(await newestOf(service), ['GBP', 'GBP'])
  // Another process has its own memory of the series, and tells this one nothing.
  await storePrices(createStoreReply(service.pool), [quoted('GBp', 3)])
  await until(async () => (await newestOf(service)).join() === 'GBp,GBp', 'the pence are back')
})

test('an average in another currency never stands in for the one that is still missing', async (t) => {
  const service = await createVod(t)
  await service.store(quoted('GBp', 1))
  await service.store({ symbol: 'VOD.L', price: '7.10', currency: 'USD', time: at(4) })
  const missing = (await service.ask('/moving-averages/latest?symbol=VOD.L&window=3')).json()
  assert.equal(missing.code, 'not_enough_prices')
  assert.equal(missing.detail, 'VOD.L has fewer than 3 prices in USD from scripted so far.')
  const pence = (await service.ask('/moving-averages/latest?symbol=VOD.L&window=3&currency=GBp')).json()
  assert.deepEqual([pence.average, pence.currency], [Number(IN_PENCE), 'GBp'])
})
