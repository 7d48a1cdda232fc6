import assert from 'node:assert/strict'
import { PassThrough, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import type pg from 'pg'
import { ServiceError } from '../../../src/errors.ts'
import { millisOf, type Instant } from '../../../src/lib/instant.ts'
import { isConfirmedWithin } from '../../../src/core/prices/freshness.ts'
import type { Decimal } from '../../../src/lib/decimal.ts'
import { createReadProviderStatus } from '../../../src/postgres/health/status.ts'
import { createReadMarkets } from '../../../src/postgres/polling/markets.ts'
import { createReadLatest } from '../../../src/postgres/prices/latest.ts'
import { createFindStoredSymbols } from '../../../src/postgres/prices/symbols.ts'
import { createStoreReply } from '../../../src/postgres/ingest/store-reply.ts'
import { migrate } from '../../../src/postgres/schema/migrate.ts'
import { copyDatabase } from '../../../src/postgres/transfer/copy.ts'
import { dump } from '../../../src/postgres/transfer/dump.ts'
import { readDumpFile, writeDumpFile } from '../../../src/postgres/transfer/dump-file.ts'
import { restore } from '../../../src/postgres/transfer/restore.ts'
import { createPool } from '../../../src/postgres/connection/pool.ts'
import { createDatabase, createDatabaseConnection, createEmptyDatabase } from '../../support/database.ts'
import { outcomesOf, quote, replyAt, second, storing } from './stored-replies.ts'

async function states(pool: pg.Pool) {
  const { rows } = await pool.query('select xmin, * from series_state order by series_id')
  return rows
}

const previousClose = (text: string) => ({ previousClose: text as Decimal })

const AAPL = { provider: 'scripted', symbols: ['AAPL'] }

async function latestOf(pool: pg.Pool) {
  return (await createReadLatest(pool)(AAPL)).get('AAPL')
}

test('the state of a series is written with its first price, when anything in it changed, and when a price was confirmed', async (t) => {
  const pool = await createDatabase(t)
  const store = storing(pool)
  const isWritten = async (...args: Parameters<typeof store>) => {
    const [before] = await states(pool)
    await store(...args)
    const [after] = await states(pool)
    return before?.xmin !== after?.xmin
  }
  assert.equal(await isWritten(1, { price: '1' }), true)
  assert.equal(await isWritten(2, { price: '2' }), false)
  assert.equal(await isWritten(3, { price: '3', event: 2 }), false)
  assert.equal(await isWritten(4, { price: '4', marketState: 'post' }), true)
  assert.equal(await isWritten(5, { price: '5', marketState: 'post', ...previousClose('1.5') }), true)
  assert.equal(await isWritten(6, { price: '6', marketState: 'post', ...previousClose('1.50') }), true)
  assert.equal(await isWritten(7, { price: '6', event: 6, marketState: 'post', ...previousClose('1.50') }), true)
  assert.deepEqual((await states(pool))[0].confirmed_at, second(7))
})

test('a reply that was received before the current price changes nothing in the state, even if its price is newer', async (t) => {
  const pool = await createDatabase(t)
  const store = storing(pool)
  await store(1, { price: '1' })
  await store(9, { price: '2', event: 5 })
  const before = await states(pool)
  await store(8, { price: '3', event: 6, marketState: 'closed' })
  await store(7, { price: '3', event: 6, marketState: 'post' })
  assert.deepEqual(await states(pool), before)
  assert.equal((await latestOf(pool))?.price, '3')
})

test('a price that was recorded is confirmed by that for every reader, although the state was not written', async (t) => {
  const pool = await createDatabase(t)
  const store = storing(pool)
  await store(0, { price: '1' })
  await store(60, { price: '2' })
  assert.deepEqual((await states(pool))[0].confirmed_at, second(0))
  assert.equal((await latestOf(pool))?.confirmedAt, second(60))
  const [provider] = await createReadProviderStatus(pool)()
  assert.equal(provider?.newest?.confirmedAt, second(60))
  const { rows } = await pool.query('select confirmed_at from latest_prices')
  assert.deepEqual(rows, [{ confirmed_at: second(60) }])
  await store(90, { price: '2', event: 60 })
  assert.equal((await latestOf(pool))?.confirmedAt, second(90))
})

test('of two currencies the one counts whose price was recorded or confirmed last, for prices, symbols and markets', async (t) => {
  const pool = await createDatabase(t)
  const store = storing(pool)
  const pence = { currency: 'GBp', marketState: 'open', event: 0 } as const
  const pounds = { currency: 'GBP', marketState: 'post', event: 0 } as const
  await store(1, { ...pence, price: '100' })
  await store(2, { ...pounds, price: '1' })
  const answers = async () => {
    const [symbol] = await createFindStoredSymbols(pool)({ limit: 1 })
    const markets = await createReadMarkets(pool)('scripted', ['AAPL'])
    return [(await latestOf(pool))?.currency, symbol?.currency, markets.get('AAPL')?.state]
  }
  assert.deepEqual(await answers(), ['GBP', 'GBP', 'post'])
  await store(3, { ...pence, price: '200' })
  assert.deepEqual((await states(pool))[0].confirmed_at, second(1), 'not written')
  assert.deepEqual(await answers(), ['GBp', 'GBp', 'open'])
  // As a clock that was ahead has left it.
  await pool.query("update series_state set confirmed_at = now() + interval '1 hour' where market_state = 'open'")
  assert.deepEqual(await answers(), ['GBP', 'GBP', 'post'])
})

test('a symbol that comes back with a new price is not absent any more, although the state was not written', async (t) => {
  const pool = await createDatabase(t)
  const record = createStoreReply(pool)
  const store = storing(pool, record)
  const leftOut = async (at: number) => {
    const error = new ServiceError('symbol_not_found', 'Unknown.', { provider: 'scripted', symbol: 'AAPL' })
    return outcomesOf(await record(replyAt(at), [{ symbol: 'AAPL', error }]))
  }
  await store(0, { price: '1' })
  await leftOut(1)
  await leftOut(2)
  await store(3, { price: '2' })
  assert.deepEqual((await states(pool))[0].confirmed_at, second(0), 'not written')
  assert.deepEqual(await leftOut(4), ['provider_bad_data'])
  const { rows } = await pool.query('select absences from symbol_absences')
  assert.deepEqual(rows, [{ absences: 1 }])
})

test('a series without a state is served with what its price says', async (t) => {
  const pool = await createDatabase(t)
  await storing(pool)(1, { price: '1' })
  await pool.query('delete from series_state')
  const latest = await latestOf(pool)
  const state = [latest?.price, latest?.confirmedAt, latest?.marketState, latest?.providerSymbol, latest?.delaySeconds]
  assert.deepEqual(state, ['1', second(1), 'unknown', 'AAPL', null])
  const [symbol] = await createFindStoredSymbols(pool)({ limit: 1 })
  assert.equal(symbol?.symbol, 'AAPL')
  assert.equal((await createReadMarkets(pool)('scripted', ['AAPL'])).get('AAPL')?.state, 'unknown')
  assert.equal((await createReadProviderStatus(pool)())[0]?.newest?.confirmedAt, second(1))
  await storing(pool)(2, { price: '2' })
  assert.deepEqual((await states(pool))[0].confirmed_at, second(2))
})

/** Stores as if the clock showed `ms` more than it does. */
function storeAhead(pool: pg.Pool, ms: number) {
  const now = Math.floor(Date.now()) + ms
  const store = createStoreReply(pool, undefined, { now: () => now })
  const receivedAt = new Date(now).toISOString() as Instant
  return async (price: string, event: number) => {
    const one = quote({ price, event })
    await store({ ...replyAt(event), receivedAt, body: Buffer.from(`${now} ${price}`) }, [
      { symbol: 'AAPL', quote: one },
    ])
    return receivedAt
  }
}

test('a price received by a clock that is ahead is confirmed for those who read by that clock, and for no other', async (t) => {
  const pool = await createDatabase(t)
  await storeAhead(pool, -60_000)('1', 1)
  for (const event of [2, 3]) {
    const ahead = await storeAhead(pool, 100_000)(String(event), event)
    assert.deepEqual((await states(pool))[0].confirmed_at, ahead, 'written, although nothing changed but the price')
    const latest = await latestOf(pool)
    assert.deepEqual([latest?.price, latest?.confirmedAt], [String(event), ahead])
    assert.ok(latest && isConfirmedWithin(latest, 60_000, millisOf(ahead)))
    assert.ok(!isConfirmedWithin(latest, 60_000, Date.now()), 'ahead of now: nobody trusts it')
    const { rows } = await pool.query('select confirmed_at from latest_prices')
    assert.deepEqual(rows, [{ confirmed_at: ahead }])
  }
  const confirmed = await storeAhead(pool, 0)('3', 3)
  assert.equal((await latestOf(pool))?.confirmedAt, confirmed)
})

test('a received_at ahead of now confirms nothing: the older time of the state counts for every reader', async (t) => {
  const pool = await createDatabase(t)
  const before = await storeAhead(pool, -60_000)('1', 1)
  await storeAhead(pool, 100_000)('2', 2)
  await pool.query('update series_state set confirmed_at = $1', [before])
  assert.equal((await latestOf(pool))?.confirmedAt, before)
  const { rows } = await pool.query('select confirmed_at from latest_prices')
  assert.deepEqual(rows, [{ confirmed_at: before }])
})

test('a time of confirmation far ahead of now is stored as such, and replaced by the next price although nothing else changed', async (t) => {
  const pool = await createDatabase(t)
  await storeAhead(pool, -60_000)('1', 1)
  const ahead = await storeAhead(pool, 3_600_000)('2', 2)
  assert.equal((await latestOf(pool))?.confirmedAt, ahead)
  const now = await storeAhead(pool, 0)('3', 3)
  assert.equal((await latestOf(pool))?.confirmedAt, now)
})

test('version 0.2.0 beside this one reads a time of confirmation at most five minutes too old, and what it writes counts', async (t) => {
  const pool = await createDatabase(t)
  const store = storing(pool)
  for (let at = 0; at <= 1_800; at += 70) {
    await store(at, { price: String(at + 1) })
    const { rows } = await pool.query<{ confirmedAt: Instant }>(READ_BY_0_2_0)
    const behind = millisOf(second(at)) - millisOf(rows[0]!.confirmedAt)
    assert.ok(behind <= 300_000, `${behind} ms`)
  }
  await pool.query(CONFIRM_BY_0_2_0, [second(1_900)])
  const latest = await latestOf(pool)
  assert.deepEqual([latest?.confirmedAt, latest?.marketState], [second(1_900), 'closed'])
})

/** As version 0.2.0 reads and writes the state. */
const READ_BY_0_2_0 = `
  select st.confirmed_at as "confirmedAt" from series s join series_state st on st.series_id = s.id where s.symbol = 'AAPL'`
const CONFIRM_BY_0_2_0 = `
  insert into series_state as s select id, 'AAPL', $1, 'closed', null, null, null, null, null from series
  on conflict (series_id) do update set confirmed_at = excluded.confirmed_at, market_state = excluded.market_state
   where s.confirmed_at <= excluded.confirmed_at`

test('after a copy, and after a dump and its restore, a price is confirmed at the same time as before', async (t) => {
  const session = async (connection: Awaited<ReturnType<typeof createDatabaseConnection>>) => {
    const pool = createPool(connection, { size: 1, onError: () => {} })
    t.after(() => pool.end())
    return pool
  }
  const [source, copied, restored] = await Promise.all([
    createDatabaseConnection(t).then(session),
    createEmptyDatabase(t).then(session),
    createEmptyDatabase(t).then(session),
  ])
  await storing(source)(0, { price: '1' })
  await storing(source)(60, { price: '2' })
  const before = await latestOf(source)
  const watching = { onProgress: () => {}, signal: new AbortController().signal }
  await copyDatabase(source, copied, watching)
  await migrate(copied)
  const sink = new PassThrough()
  const write = writeDumpFile(sink, (some) => dump(source, { write: some, ...watching }))
  const [file] = await Promise.all([buffer(sink), write])
  await restore(restored, readDumpFile(Readable.from([file])), watching)
  assert.equal(before?.confirmedAt, second(60))
  for (const pool of [copied, restored]) assert.deepEqual(await latestOf(pool), before)
})
