import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type pg from 'pg'
import { createRecompute } from '../../../src/postgres/averages/recompute.ts'
import { fenceOf } from '../../../src/postgres/cluster/leases.ts'
import { createStoreReply } from '../../../src/postgres/ingest/store-reply.ts'
import { trim } from '../../../src/postgres/log/retention.ts'
import type { Decimal } from '../../../src/lib/decimal.ts'
import { instantFromMillis } from '../../../src/lib/instant.ts'
import type { Affected } from '../../../src/core/log/entry.ts'
import type { Quote } from '../../../src/core/prices/quote.ts'
import { createDatabase } from '../../support/database.ts'
import { until } from '../../support/until.ts'

const DAY_MS = 86_400_000
const KEEP_ALL = { pricesDays: undefined, syntheticProviders: ['simulated'], syntheticDays: 3650, runsDays: 3650 }

/** A price for each given number of days ago, the oldest first, with their averages over two. */
async function createHistory(t: TestContext, provider: string, daysAgo: readonly number[]) {
  const pool = await createDatabase(t)
  const record = createStoreReply(pool)
  for (const days of daysAgo) {
    const at = instantFromMillis(Date.now() - days * DAY_MS)
    const body = new TextEncoder().encode(`${provider} ${days}`)
    const reply = { provider, symbols: ['AAPL'], request: 'GET /', status: 200, body, receivedAt: at, parserVersion: 1 }
    const price = String(days) as Decimal
    const words = { symbol: 'AAPL', provider, providerSymbol: 'AAPL', currency: 'USD', marketState: 'open' } as const
    const quote: Quote = { ...words, price, eventTime: at, delaySeconds: 0, previousClose: null, extended: null }
    await record(reply, [{ symbol: 'AAPL', quote }])
  }
  await createRecompute(pool, [2])(await affected(pool))
  const column = async (statement: string) => (await pool.query({ text: statement, rowMode: 'array' })).rows.flat()
  const counts = () =>
    column(`select (select count(*)::int from prices), (select count(*)::int from moving_averages),
                   (select count(*)::int from raw_responses), (select count(*)::int from raw_bodies)`)
  return { pool, column, counts }
}

/** All prices, from the table: in the log they would not show while another test writes. */
async function affected(pool: pg.Pool): Promise<Affected[]> {
  const { rows } = await pool.query<Affected>('select series_id as "seriesId", event_time as "eventTime" from prices')
  return rows
}

const { signal } = new AbortController()

test('prices are kept forever by default', async (t) => {
  const { pool, counts } = await createHistory(t, 'yfinance', [3000, 2000, 1])
  assert.equal(await trim({ pool, signal }, KEEP_ALL), 0)
  assert.deepEqual(await counts(), [3, 2, 3, 3])
})

test('old prices are deleted with their replies, their averages, and the first averages after the cut, whose inputs are gone', async (t) => {
  const { pool, column, counts } = await createHistory(t, 'yfinance', [40, 30, 20, 10, 5])
  assert.equal(await trim({ pool, signal }, { ...KEEP_ALL, pricesDays: 25 }), 2)
  assert.deepEqual(await counts(), [3, 2, 3, 3])
  assert.deepEqual(await column('select average from moving_averages order by event_time'), ['15', '7.5'])
})

test('recomputing an event from before the cut brings nothing back', async (t) => {
  const { pool, counts } = await createHistory(t, 'yfinance', [40, 30, 20, 10])
  const entries = await affected(pool)
  await trim({ pool, signal }, { ...KEEP_ALL, pricesDays: 25 })
  await createRecompute(pool, [2])(entries)
  assert.deepEqual(await counts(), [2, 1, 2, 2])
})

test('simulated prices have their own retention', async (t) => {
  const { pool, column } = await createHistory(t, 'simulated', [9, 8, 6])
  assert.equal(await trim({ pool, signal }, { ...KEEP_ALL, syntheticDays: 7 }), 2)
  assert.deepEqual(await column('select price from prices'), ['6'])
})

test('a series whose prices are all gone leaves no average and no reply', async (t) => {
  const { pool, counts } = await createHistory(t, 'simulated', [12, 11, 10, 9])
  await trim({ pool, signal }, { ...KEEP_ALL, syntheticDays: 7 })
  assert.deepEqual(await counts(), [0, 0, 0, 0])
})

test('a dead letter that is resolved and sent loses its content after the retention, and its row is kept forever', async (t) => {
  const pool = await createDatabase(t)
  await pool.query(
    `insert into dead_letters (topic_id, topic, partition, record_offset, key, value, headers, reason, detail,
                               consumer_group, sent_at, resolution, resolved_at)
     select gen_random_uuid(), 'prices', 0, n, 'key', 'value', '[["name", null]]', 'not_json', 'no JSON', 'group',
            case when n <> 2 then now() end, case when n <> 3 then 'dropped' end,
            case when n <> 3 then now() - interval '1 day' * case when n = 4 then 1 else 40 end end
       from generate_series(1, 4) as n`,
  )
  await trim({ pool, signal }, { ...KEEP_ALL, runsDays: 30 })
  const { rows } = await pool.query('select * from dead_letters order by record_offset')
  assert.deepEqual(
    rows.map(({ key, value, headers }) => [key, value, headers].map(String).join()),
    ['null,null,', ...Array.from({ length: 3 }, () => 'key,value,name,')],
  )
})

test('a revision that is stored while its time is being deleted is deleted as well', async (t) => {
  const { pool, column } = await createHistory(t, 'simulated', [9])
  const [id, at] = await column('select series_id, event_time from prices')
  const { commit, held } = await holdSeries(pool)
  const trimmed = trim({ pool, signal }, { ...KEEP_ALL, syntheticDays: 7 })
  const waiting = `select 1 from pg_stat_activity where datname = current_database() and wait_event = 'advisory'`
  await Promise.race([trimmed, until(async () => (await column(waiting)).length > 0, 'the deletion waits')])
  await held.query(
    `insert into prices (series_id, event_time, revision, late, price, received_at, raw_response_id, epoch)
     select $1, $2, 2, true, 10, now(), 1, 1`,
    [id, at],
  )
  await commit()
  assert.equal(await trimmed, 2)
  assert.deepEqual(await column('select revision from prices'), [])
})

test('a process whose lease was taken deletes nothing', async (t) => {
  const { pool, counts } = await createHistory(t, 'simulated', [9])
  const fence = fenceOf({ name: 'retention', holder: 'one', epoch: '1' })
  await assert.rejects(trim({ pool, signal, fence }, { ...KEEP_ALL, syntheticDays: 7 }), /the lease retention is lost/)
  assert.deepEqual((await counts())[0], 1)
})

/** A transaction that is storing a price in the only series. */
async function holdSeries(pool: pg.Pool) {
  const held = await pool.connect()
  await held.query('begin')
  await held.query('select pg_advisory_xact_lock(id) from series')
  const commit = async () => {
    await held.query('commit')
    held.release()
  }
  return { held, commit }
}

test('a reply is deleted with its old price even if it arrived today, as in an import', async (t) => {
  const { pool, counts } = await createHistory(t, 'import', [40, 30, 20])
  await pool.query('update raw_responses set received_at = now()')
  assert.equal(await trim({ pool, signal }, { ...KEEP_ALL, pricesDays: 25 }), 2)
  assert.deepEqual(await counts(), [1, 0, 1, 1])
})
