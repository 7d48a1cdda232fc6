import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { ServiceError } from '../../../src/errors.ts'
import type { Decimal } from '../../../src/lib/decimal.ts'
import { createReadLatest } from '../../../src/postgres/prices/latest.ts'
import { createStoreReply } from '../../../src/postgres/ingest/store-reply.ts'
import type { Quote, RawReply, RecordResult } from '../../../src/core/prices/quote.ts'
import { createDatabase } from '../../support/database.ts'
import { instantOf, quoteOf } from '../../support/scripted-provider.ts'

const at = (time: string) => instantOf(`2025-06-15T${time}Z`)

function quote(price: string, eventTime: string, more: Partial<Quote> = {}): Quote {
  return { ...quoteOf({}), provider: 'yfinance', price: price as Decimal, eventTime: at(eventTime), ...more }
}

function reply(receivedAt: string): RawReply {
  return {
    provider: 'yfinance',
    symbols: ['AAPL'],
    request: 'GET /',
    status: 200,
    body: Buffer.from(receivedAt),
    receivedAt: at(receivedAt),
    parserVersion: 1,
  }
}

async function createRecorder(t: TestContext) {
  const pool = await createDatabase(t)
  const record = createStoreReply(pool)
  return { pool, record, store: (time: string, one: Quote) => record(reply(time), [{ symbol: 'AAPL', quote: one }]) }
}

function outcomesOf(results: readonly RecordResult[]) {
  return results.map((result) => ('outcome' in result ? result.outcome : result.error.code))
}

test('what was stored while the clock was ahead stands in the way of neither a correction nor a confirmation', async (t) => {
  const pool = await createDatabase(t)
  let now = '13:00:00'
  const record = createStoreReply(pool, undefined, { now: () => Date.parse(at(now)) })
  const outcome = async (price: string, eventTime: string) => {
    const results = await record(reply(now), [{ symbol: 'AAPL', quote: quote(price, eventTime) }])
    return outcomesOf(results)[0]
  }
  assert.equal(await outcome('10', '11:50:00'), 'recorded')
  assert.equal(await outcome('10', '11:59:00'), 'recorded')
  now = '12:00:00'
  assert.equal(await outcome('11', '11:50:00'), 'corrected')
  assert.equal(await outcome('12', '11:59:00'), 'recorded')
  const latest = (await createReadLatest(pool)({ provider: 'yfinance', symbols: ['AAPL'] })).get('AAPL')
  assert.deepEqual([latest?.price, latest?.confirmedAt], ['12', at('12:00:00')])
})

test('of two currencies with one event time, the one that the provider confirmed last is the latest', async (t) => {
  const { pool, store } = await createRecorder(t)
  const read = async () => (await createReadLatest(pool)({ provider: 'yfinance', symbols: ['AAPL'] })).get('AAPL')
  const pence = quote('700', '12:00:00', { currency: 'GBp' })
  const pounds = quote('7.00', '12:00:00', { currency: 'GBP' })
  for (const [time, one] of [
    ['12:00:01', pence],
    ['12:00:02', pounds],
    ['12:00:03', pence],
  ] as const) {
    await store(time, one)
    const latest = await read()
    assert.deepEqual([latest?.price, latest?.currency], [one.price, one.currency], time)
  }
})

test('what a provider says about a symbol is stored with its quote, and only what changes is written', async (t) => {
  const { pool, record } = await createRecorder(t)
  const details = { name: 'Apple Inc.', exchange: 'NasdaqGS', exchangeCode: 'NMS', type: 'equity' }
  const save = (time: string, more: object = {}) =>
    record(reply(time), [{ symbol: 'AAPL', quote: quote('1', '12:00:00'), details: { ...details, ...more } }])
  const read = async () =>
    (await pool.query('select name, exchange, exchange_code, type, updated_at, xmin from symbol_details')).rows
  await save('12:00:01')
  const [first] = await read()
  assert.deepEqual([first.name, first.exchange, first.exchange_code, first.type], Object.values(details))
  await save('12:00:02')
  await createStoreReply(pool)(reply('12:00:03'), [{ symbol: 'AAPL', quote: quote('1', '12:00:00'), details }])
  assert.deepEqual(await read(), [first])
  await save('12:00:04', { name: 'Apple' })
  const [changed] = await read()
  assert.deepEqual([changed.name, changed.updated_at], ['Apple', at('12:00:04')])
})

test('an extended price that breaks the rules is left out, and the reply is kept as evidence', async (t) => {
  const { pool, record } = await createRecorder(t)
  await record(reply('12:00:01'), [{ symbol: 'AAPL', quote: quote('1', '12:00:00') }])
  const leftOut = new ServiceError(
    'provider_bad_data',
    'yfinance sent a time in the future outside the session for AAPL.',
  )
  const results = await record(reply('12:00:02'), [{ symbol: 'AAPL', quote: quote('1', '12:00:00'), leftOut }])
  assert.deepEqual(outcomesOf(results), ['confirmed'])
  const { rows: kept } = await pool.query('select refused from raw_responses order by id desc limit 1')
  assert.equal(kept[0].refused[0].detail, leftOut.message)
})
