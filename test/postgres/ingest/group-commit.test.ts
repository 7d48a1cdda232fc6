import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type pg from 'pg'
import { createStoreReply } from '../../../src/postgres/ingest/store-reply.ts'
import type { ServiceError } from '../../../src/errors.ts'
import { createPool, endPool } from '../../../src/postgres/connection/pool.ts'
import type { Fence } from '../../../src/postgres/connection/transaction.ts'
import { createDatabaseConnection } from '../../support/database.ts'
import { until } from '../../support/until.ts'
import { outcomesOf, storing, type Given } from './stored-replies.ts'

const SYMBOLS = Array.from({ length: 200 }, (_, at) => `S${at}`)

const many = (name: string, length: number) => Array.from({ length }, (_, at) => ({ symbol: `${name}${at}` }))

/** The number of prices in each transaction that stored some, in order. */
async function transactions(pool: pg.Pool): Promise<number[]> {
  const { rows } = await pool.query('select count(*)::integer as n from prices group by xid order by xid')
  return rows.map(({ n }) => n)
}

/** One connection: with each new one, the ids of series are read again. */
const OPTIONS = { size: 1, onError: () => {} }

type Changes = { readonly fence?: Fence; readonly size?: number }

/** A recorder that knows its series, so that all replies of a test reach the queue at once. */
async function createQueue(t: TestContext, symbols: readonly string[], { fence, ...options }: Changes = {}) {
  const connection = await createDatabaseConnection(t)
  const [pool, other] = [
    createPool(connection, { ...OPTIONS, ...options }),
    createPool(connection, { ...OPTIONS, size: 2 }),
  ]
  t.after(() => Promise.all([endPool(pool), endPool(other)]))
  const store = storing(pool, createStoreReply(pool, fence))
  // Twice: the connection that the first one opens makes it forget the series.
  for (const at of [-2, -1]) await store(at, ...symbols.map((symbol) => ({ symbol })))
  await pool.query('truncate prices')
  const one = (at: number, given: Given) => store(at, given).then((results) => outcomesOf(results)[0])
  return { pool, other, store, one }
}

test('small replies that arrive together share transactions of at most 64, and each is stored with its own reply', async (t) => {
  const { pool, one } = await createQueue(t, SYMBOLS)
  const outcomes = await Promise.all(SYMBOLS.map((symbol) => one(1, { symbol, price: '7' })))
  assert.deepEqual(new Set(outcomes), new Set(['recorded']))
  assert.deepEqual(await transactions(pool), [1, 64, 64, 64, 7])
  const { rows } = await pool.query(`
    select s.symbol, convert_from(b.body, 'UTF8') as body, r.symbols
      from prices p join series s on s.id = p.series_id
      join raw_responses r on r.id = p.raw_response_id join raw_bodies b using (sha256) order by p.id`)
  assert.deepEqual(
    rows,
    SYMBOLS.map((symbol) => ({ symbol, body: `1 ${symbol}`, symbols: [symbol] })),
  )
})

test('a transaction has at most 1,000 prices, and a large reply one of its own, at once', async (t) => {
  const { pool, store } = await createQueue(t, SYMBOLS.slice(0, 1))
  const replies = Array.from({ length: 26 }, (_, at) => many(`R${at}S`, 40))
  await Promise.all(replies.map((reply, at) => store(at + 1, ...reply)))
  await pool.query('truncate prices')
  await Promise.all(replies.map((reply, at) => store(at + 100, ...reply)))
  assert.deepEqual(await transactions(pool), [40, 1_000])
  await pool.query('truncate prices')
  const large = many('L', 50)
  await store(300, ...large)
  await Promise.all([store(301, ...large), store(301, ...large.slice(0, 1)), store(302, ...large)])
  assert.deepEqual(
    (await transactions(pool)).toSorted((a, b) => a - b),
    [50, 50, 50],
  )
})

test('several replies of one series are decided one after the other, as they arrived', async (t) => {
  const { pool, one } = await createQueue(t, ['AAPL', 'MSFT'])
  const replies: [number, Given][] = [
    [1, { symbol: 'MSFT', price: '1' }],
    [2, { symbol: 'AAPL', price: '1', event: 1 }],
    [3, { symbol: 'AAPL', price: '1', event: 1 }],
    [4, { symbol: 'AAPL', price: '2', event: 1 }],
    [5, { symbol: 'AAPL', price: '3', event: 5 }],
    [6, { symbol: 'AAPL', price: '4', event: 1 }],
    [7, { symbol: 'MSFT', price: '1', event: 7 }],
  ]
  const outcomes = await Promise.all(replies.map((reply) => one(...reply)))
  assert.deepEqual(outcomes, ['recorded', 'recorded', 'confirmed', 'recorded', 'recorded', 'corrected', 'recorded'])
  const { rows } = await pool.query({
    text: `select price, revision, correction from prices order by epoch, xid, id`,
    rowMode: 'array',
  })
  assert.equal(rows.length, 6)
  assert.deepEqual(rows.at(-1), ['4', 3, true])
})

test('new, late and confirmed replies share a transaction, each with its own outcome', async (t) => {
  const { pool, store, one } = await createQueue(t, ['A', 'B', 'C', 'D'])
  await store(1, { symbol: 'B' }, { symbol: 'C' })
  const outcomes = await Promise.all([
    one(2, { symbol: 'A', price: '5' }),
    one(2, { symbol: 'D', price: '5' }),
    one(2, { symbol: 'B', event: 1 }),
    one(2, { symbol: 'C', event: 0, price: '9' }),
  ])
  assert.deepEqual(outcomes, ['recorded', 'recorded', 'confirmed', 'recorded'])
  const { rows } = await pool.query(
    `select late from prices p join series s on s.id = p.series_id where s.symbol = 'C' order by p.id`,
  )
  assert.deepEqual(rows, [{ late: false }, { late: true }])
})

test('a reply that the database refuses fails alone: its neighbours are stored, each once', async (t) => {
  const { pool, one } = await createQueue(t, SYMBOLS.slice(0, 20))
  const outcomes = await Promise.allSettled(
    SYMBOLS.slice(0, 20).map((symbol, at) => one(1, { symbol, price: at === 9 ? '-1' : '1' })),
  )
  const failed = outcomes.flatMap((outcome, at) => (outcome.status === 'rejected' ? [[at, outcome.reason.code]] : []))
  assert.deepEqual(failed, [[9, '23514']])
  const { rows } = await pool.query('select symbol from prices p join series s on s.id = p.series_id order by p.id')
  assert.deepEqual(
    rows.map(({ symbol }) => symbol),
    SYMBOLS.slice(0, 20).filter((_, at) => at !== 9),
  )
  const { rows: kept } = await pool.query(
    'select count(*)::integer as n from raw_responses r where exists (select from prices p where p.raw_response_id = r.id)',
  )
  assert.equal(kept[0].n, 19, 'no reply of a failed attempt is left')
})

test('a series that was lost in a failover is created again, and its neighbours in the transaction are stored', async (t) => {
  const { pool, one } = await createQueue(t, SYMBOLS.slice(0, 10))
  await pool.query(`delete from series where symbol = 'S5'`)
  const outcomes = await Promise.all(SYMBOLS.slice(0, 10).map((symbol) => one(1, { symbol })))
  assert.deepEqual(new Set(outcomes), new Set(['recorded']))
  const { rows } = await pool.query('select symbol from prices p join series s on s.id = p.series_id order by symbol')
  assert.equal(rows.length, 10)
})

test('what was acknowledged is committed: another session sees it at that moment', async (t) => {
  const { pool, one } = await createQueue(t, SYMBOLS.slice(0, 30))
  const seen = await Promise.all(
    SYMBOLS.slice(0, 30).map(async (symbol) => {
      await one(1, { symbol })
      const found = await pool.query('select from prices p join series s on s.id = p.series_id where s.symbol = $1', [
        symbol,
      ])
      return found.rowCount
    }),
  )
  assert.deepEqual(
    seen,
    seen.map(() => 1),
  )
})

test('a leader that lost its lease writes nothing, for any reply of the transaction', async (t) => {
  let leads = true
  const fence = async () => {
    if (!leads) throw new Error('the lease is lost')
  }
  const { pool, one } = await createQueue(t, SYMBOLS.slice(0, 10), { fence })
  leads = false
  const outcomes = await Promise.allSettled(SYMBOLS.slice(0, 10).map((symbol) => one(1, { symbol })))
  assert.ok(outcomes.every((outcome) => outcome.status === 'rejected' && /lease is lost/.test(outcome.reason.message)))
  assert.equal((await pool.query('select from prices')).rowCount, 0)
  leads = true
  assert.equal(await one(2, { symbol: 'S1' }), 'recorded')
})

test(
  'a series that another session keeps locked delays its own replies, and those beside it are stored',
  { timeout: 20_000 },
  async (t) => {
    const { one, other } = await createQueue(t, SYMBOLS.slice(0, 20), { size: 4 })
    const holder = await other.connect()
    await holder.query(`select pg_advisory_lock(id) from series where symbol = 'S5'`)
    const replies = SYMBOLS.slice(0, 20).map((symbol) => one(1, { symbol }))
    const locked = replies.splice(5, 1)[0]!.catch((error: ServiceError) => error.code)
    const outcomes = await Promise.all(replies)
    assert.deepEqual(new Set(outcomes), new Set(['recorded']))
    await holder.query('select pg_advisory_unlock_all()')
    holder.release()
    assert.equal(await locked, 'recorded')
  },
)

test('if the connection is lost, the replies of its transaction fail as unavailable, and those that wait are stored', async (t) => {
  const { pool, one, other } = await createQueue(t, SYMBOLS)
  const holder = await other.connect()
  await holder.query(`select pg_advisory_lock(id) from series where symbol = 'S5'`)
  const waiting = Promise.allSettled(SYMBOLS.map((symbol) => one(1, { symbol })))
  const kill = `
    select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and wait_event_type = 'Lock' and query like '%pg_advisory_xact_lock%'`
  await until(async () => (await other.query(kill)).rowCount === 1, 'the transaction waits and is cut')
  await holder.query('select pg_advisory_unlock_all()')
  holder.release()
  const outcomes = (await waiting).map((outcome) =>
    outcome.status === 'rejected' ? outcome.reason.code : outcome.value,
  )
  assert.deepEqual(
    outcomes,
    SYMBOLS.map((_, at) => (at >= 1 && at <= 64 ? 'storage_unavailable' : 'recorded')),
  )
  const { rows } = await pool.query('select count(*)::integer as n from prices')
  assert.equal(rows[0].n, SYMBOLS.length - 64)
})
