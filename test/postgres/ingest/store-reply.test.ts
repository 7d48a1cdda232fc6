import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type pg from 'pg'
import { ServiceError } from '../../../src/errors.ts'
import { createReadLatest } from '../../../src/postgres/prices/latest.ts'
import { createStoreReply } from '../../../src/postgres/ingest/store-reply.ts'
import type { Decimal } from '../../../src/lib/decimal.ts'
import { parseInstant, type Instant } from '../../../src/lib/instant.ts'
import type { Quote, QuoteResult, RawReply } from '../../../src/core/prices/quote.ts'
import { createPool } from '../../../src/postgres/connection/pool.ts'
import { createDatabase, createDatabaseConnection } from '../../support/database.ts'
import { until } from '../../support/until.ts'

const at = (time: string) => parseInstant(`2025-06-15T${time}Z`) as Instant

function quote(price: string, eventTime: string, more: Partial<Quote> = {}): Quote {
  return {
    symbol: 'AAPL',
    provider: 'yfinance',
    providerSymbol: 'AAPL',
    currency: 'USD',
    price: price as Decimal,
    eventTime: at(eventTime),
    marketState: 'open',
    delaySeconds: 0,
    previousClose: null,
    extended: null,
    ...more,
  }
}

function reply(receivedAt: string, body = receivedAt): RawReply {
  const symbols = ['AAPL']
  const bytes = new TextEncoder().encode(body)
  return {
    provider: 'yfinance',
    symbols,
    request: 'GET /',
    status: 200,
    body: bytes,
    receivedAt: at(receivedAt),
    parserVersion: 1,
  }
}

async function createRecorder(t: TestContext) {
  const pool = await createDatabase(t)
  const record = createStoreReply(pool)
  const store = (receivedAt: string, ...quotes: Quote[]) =>
    record(
      reply(receivedAt),
      quotes.map((one) => ({ symbol: one.symbol, quote: one })),
    )
  return {
    pool,
    record,
    store,
    outcomes: async (...args: Parameters<typeof store>) => outcomesOf(await store(...args)),
  }
}

function outcomesOf(results: Awaited<ReturnType<ReturnType<typeof createStoreReply>>>) {
  return results.map((result) => ('outcome' in result ? result.outcome : result.error.code))
}

async function rows(pool: pg.Pool, columns: string) {
  const { rows: found } = await pool.query({ text: `select ${columns} from prices order by id`, rowMode: 'array' })
  return found
}

test('a price is stored with its exact text, its reply and its time, and is the latest from then on', async (t) => {
  const { pool, store } = await createRecorder(t)
  const [result] = await store('12:00:01', quote('123456789.123456789012', '12:00:00.283671'))
  const latest = await createReadLatest(pool)({ provider: 'yfinance', symbols: ['AAPL'] })
  assert.ok(result && 'price' in result)
  assert.deepEqual(latest.get('AAPL'), result.price)
  assert.equal(result.price.price, '123456789.123456789012')
  assert.equal(result.price.eventTime, '2025-06-15T12:00:00.283671Z')
  const { rows: raw } = await pool.query(
    'select convert_from(body, $1) as body from raw_responses join raw_bodies using (sha256)',
    ['UTF8'],
  )
  assert.deepEqual(raw, [{ body: '12:00:01' }])
})

test('the same price reported again stores no row and no reply, and moves only the time of confirmation', async (t) => {
  const { pool, outcomes } = await createRecorder(t)
  assert.deepEqual(await outcomes('12:00:01', quote('196.450', '12:00:00')), ['recorded'])
  assert.deepEqual(await outcomes('12:05:00', quote('196.45', '12:00:00')), ['confirmed'])
  assert.deepEqual(await rows(pool, 'price, revision'), [['196.450', 1]])
  const { rows: counted } = await pool.query(
    'select confirmed_at, (select count(*) from raw_responses) as replies from series_state',
  )
  assert.deepEqual(counted, [{ confirmed_at: at('12:05:00'), replies: '1' }])
})

test('another price for the newest time supersedes without being a correction, for one before the newest it is one', async (t) => {
  const { pool, outcomes } = await createRecorder(t)
  await outcomes('12:00:01', quote('1', '12:00:00'))
  assert.deepEqual(await outcomes('12:00:02', quote('2', '12:00:00')), ['recorded'])
  assert.deepEqual(await outcomes('12:01:01', quote('3', '12:01:00')), ['recorded'])
  assert.deepEqual(await outcomes('12:02:00', quote('4', '12:00:00')), ['corrected'])
  assert.deepEqual(await rows(pool, 'price, revision, late, correction'), [
    ['1', 1, false, false],
    ['2', 2, false, false],
    ['3', 1, false, false],
    ['4', 3, true, true],
  ])
})

test('a price that goes from A to B and back to A is three rows', async (t) => {
  const { pool, outcomes } = await createRecorder(t)
  for (const [second, price] of [
    ['01', '1'],
    ['02', '2'],
    ['03', '1'],
  ] as const) {
    await outcomes(`12:00:${second}`, quote(price, '12:00:00'))
  }
  assert.deepEqual(await rows(pool, 'price, revision'), [
    ['1', 1],
    ['2', 2],
    ['1', 3],
  ])
})

test('a reply that was received before the current one supersedes nothing and confirms nothing', async (t) => {
  const { pool, outcomes } = await createRecorder(t)
  await outcomes('12:00:05', quote('2', '12:00:00'))
  assert.deepEqual(await outcomes('12:00:03', quote('1', '12:00:00')), ['outdated'])
  assert.deepEqual(await outcomes('12:00:04', quote('2', '12:00:00')), ['confirmed'])
  const { rows: state } = await pool.query('select confirmed_at from series_state')
  assert.deepEqual(state, [{ confirmed_at: at('12:00:05') }])
})

test('the revisions of several prices of one reply are decided one after the other', async (t) => {
  const { pool, outcomes } = await createRecorder(t)
  const quotes = [
    quote('1', '12:00:00'),
    quote('1.0', '12:00:00'),
    quote('2', '12:00:00'),
    quote('9', '11:59:00'),
    quote('2', '12:00:00'),
  ]
  assert.deepEqual(await outcomes('12:00:01', ...quotes), [
    'recorded',
    'confirmed',
    'recorded',
    'recorded',
    'confirmed',
  ])
  assert.deepEqual(await rows(pool, 'price, revision, late'), [
    ['1', 1, false],
    ['2', 2, false],
    ['9', 1, true],
  ])
})

test('pence and pounds of one symbol, and a series without a currency, are kept apart', async (t) => {
  const { pool, store } = await createRecorder(t)
  await store('12:00:01', quote('1', '12:00:00', { currency: 'GBP' }), quote('100', '12:00:00', { currency: 'GBp' }))
  await store('12:00:03', quote('7', '12:00:02', { currency: null }))
  await store('12:00:03', quote('7', '12:00:02', { currency: null }))
  const read = createReadLatest(pool)
  const newest = await read({ provider: 'yfinance', symbols: ['AAPL'] })
  const pence = await read({ provider: 'yfinance', symbols: ['AAPL'], currency: 'GBp' })
  assert.deepEqual([newest.get('AAPL')?.currency, pence.get('AAPL')?.price], [null, '100'])
  assert.equal((await rows(pool, 'id')).length, 3)
})

test('a refused quote leaves its reply and the reason, no price, and its neighbours untouched', async (t) => {
  const { pool, record } = await createRecorder(t)
  const bad: QuoteResult = { symbol: 'BAD', error: new ServiceError('provider_bad_data', 'The price is negative.') }
  const results = await record(reply('12:00:01'), [bad, { symbol: 'AAPL', quote: quote('1', '12:00:00') }])
  assert.deepEqual(outcomesOf(results), ['provider_bad_data', 'recorded'])
  const { rows: replies } = await pool.query('select refused from raw_responses')
  assert.deepEqual(replies, [
    { refused: [{ symbol: 'BAD', code: 'provider_bad_data', detail: 'The price is negative.' }] },
  ])
  await record(reply('12:00:02'), [bad])
  assert.equal((await pool.query('select from raw_responses')).rowCount, 2)
})

test('equal bodies are kept once', async (t) => {
  const { pool, record } = await createRecorder(t)
  const body = 'x'.repeat(5_000)
  await record(reply('12:00:01', body), [{ symbol: 'AAPL', quote: quote('1', '12:00:00') }])
  await record(reply('12:00:02', body), [{ symbol: 'AAPL', quote: quote('2', '12:00:01') }])
  const { rows: counted } = await pool.query(
    'select (select count(*) from raw_responses) as replies, (select count(*) from raw_bodies) as bodies, (select max(length(body)) < 500 from raw_bodies) as small',
  )
  assert.deepEqual(counted, [{ replies: '2', bodies: '1', small: true }])
})

test('concurrent writers of the same times store each revision once, in the order of the log', async (t) => {
  const { pool, store } = await createRecorder(t)
  const writer = async (name: number) => {
    for (let n = 1; n <= 25; n += 1) {
      await store(
        `12:00:${String(n).padStart(2, '0')}`,
        quote(String(n), '12:00:00'),
        quote(String(name * 100 + n), '12:30:00'),
      )
    }
  }
  await Promise.all([1, 2, 3, 4].map(writer))
  const { rows: disorder } = await pool.query(
    'select 1 from prices a join prices b using (series_id, event_time) where a.revision < b.revision and (a.epoch, a.xid, a.id) > (b.epoch, b.xid, b.id)',
  )
  assert.equal(disorder.length, 0)
  const { rows: counted } = await pool.query(
    'select count(*), max(revision) from prices group by series_id, event_time',
  )
  assert.ok(counted.every((time) => Number(time.count) === time.max && time.max > 1))
})

test('a series that was lost in a failover is created again, and its neighbours are stored with it', async (t) => {
  const { pool, store, outcomes } = await createRecorder(t)
  const other = { symbol: 'NEW' }
  await store('20:00:00', quote('1', '20:00:00'), quote('1', '20:00:00', other))
  // What had not been replicated yet.
  await pool.query(`delete from prices where series_id = (select id from series where symbol = 'NEW')`)
  await pool.query(`delete from series where symbol = 'NEW'`)
  const both = [quote('2', '20:00:01'), quote('2', '20:00:01', other)]
  assert.deepEqual(await outcomes('20:00:02', ...both), ['recorded', 'recorded'])
})

test('after new connections, the ids of series are read again, since another server may answer', async (t) => {
  const connection = await createDatabaseConnection(t)
  const [ours, server] = [1, 2].map(() => createPool(connection, { size: 4, onError: () => {} }))
  assert.ok(ours && server)
  t.after(() => Promise.all([ours.end(), server.end()]))
  const record = createStoreReply(ours)
  const store = (time: string) => record(reply(time), [{ symbol: 'AAPL', quote: quote('1', time) }])
  await store('20:00:00')
  await server.query(`update series set symbol = 'OTHER'`)
  await server.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  )
  await until(() => ours.totalCount === 0, 'the connections are gone')
  await store('20:00:01')
  const { rows: found } = await server.query(
    'select symbol from prices p join series s on s.id = p.series_id order by p.id',
  )
  assert.deepEqual(found, [{ symbol: 'OTHER' }, { symbol: 'AAPL' }])
})
