import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type pg from 'pg'
import { createRecompute } from '../../src/postgres/averages.ts'
import { createRecordReply } from '../../src/postgres/record.ts'
import { trim } from '../../src/postgres/retention.ts'
import type { Decimal } from '../../src/prices/decimal.ts'
import { instantFromMillis } from '../../src/prices/instant.ts'
import type { Touched } from '../../src/prices/log.ts'
import type { Quote } from '../../src/prices/quote.ts'
import { createDatabase } from '../support/database.ts'

const DAY_MS = 86_400_000
const KEEP_ALL = { pricesDays: undefined, simulatedDays: 3650, runsDays: 3650 }

/** A price of each given day ago, the oldest first, with their averages over two. */
async function createHistory(t: TestContext, provider: string, daysAgo: readonly number[]) {
  const pool = await createDatabase(t)
  const record = createRecordReply(pool)
  for (const days of daysAgo) {
    const at = instantFromMillis(Date.now() - days * DAY_MS)
    const body = new TextEncoder().encode(`${provider} ${days}`)
    const reply = { provider, symbols: ['AAPL'], request: 'GET /', status: 200, body, receivedAt: at, parserVersion: 1 }
    const price = String(days) as Decimal
    const words = { symbol: 'AAPL', provider, providerSymbol: 'AAPL', currency: 'USD', marketState: 'open' } as const
    const quote: Quote = { ...words, price, eventTime: at, delaySeconds: 0, previousClose: null, extended: null }
    await record(reply, [{ symbol: 'AAPL', quote }])
  }
  await createRecompute(pool, [2])(await touched(pool))
  const column = async (statement: string) => (await pool.query({ text: statement, rowMode: 'array' })).rows.flat()
  const counts = () =>
    column(`select (select count(*)::int from prices), (select count(*)::int from moving_averages),
                   (select count(*)::int from raw_responses), (select count(*)::int from raw_bodies)`)
  return { pool, column, counts }
}

/** All prices, from the table: in the log they would not show while another test writes. */
async function touched(pool: pg.Pool): Promise<Touched[]> {
  const { rows } = await pool.query<Touched>('select series_id as "seriesId", event_time as "eventTime" from prices')
  return rows
}

const never = new AbortController().signal

test('prices are kept for ever unless something else is said', async (t) => {
  const { pool, counts } = await createHistory(t, 'yfinance', [3000, 2000, 1])
  assert.equal(await trim(pool, KEEP_ALL, never), 0)
  assert.deepEqual(await counts(), [3, 2, 3, 3])
})

test('with old prices go their replies, their averages, and the first averages after the cut, whose inputs are gone', async (t) => {
  const { pool, column, counts } = await createHistory(t, 'yfinance', [40, 30, 20, 10, 5])
  assert.equal(await trim(pool, { ...KEEP_ALL, pricesDays: 25 }, never), 2)
  assert.deepEqual(await counts(), [3, 2, 3, 3])
  assert.deepEqual(await column('select average from moving_averages order by event_time'), ['15', '7.5'])
})

test('recomputing an event from before the cut brings nothing back', async (t) => {
  const { pool, counts } = await createHistory(t, 'yfinance', [40, 30, 20, 10])
  const entries = await touched(pool)
  await trim(pool, { ...KEEP_ALL, pricesDays: 25 }, never)
  await createRecompute(pool, [2])(entries)
  assert.deepEqual(await counts(), [2, 1, 2, 2])
})

test('simulated prices have a retention of their own', async (t) => {
  const { pool, column } = await createHistory(t, 'simulated', [9, 8, 6])
  assert.equal(await trim(pool, { ...KEEP_ALL, simulatedDays: 7 }, never), 2)
  assert.deepEqual(await column('select price from prices'), ['6'])
})

test('a series whose prices are all gone leaves no average and no reply', async (t) => {
  const { pool, counts } = await createHistory(t, 'simulated', [12, 11, 10, 9])
  await trim(pool, { ...KEEP_ALL, simulatedDays: 7 }, never)
  assert.deepEqual(await counts(), [0, 0, 0, 0])
})
