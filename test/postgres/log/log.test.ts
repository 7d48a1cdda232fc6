import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import { test } from 'node:test'
import type pg from 'pg'
import {
  createReadLog,
  loadCheckpoint,
  logEnd,
  readHighWaterMark,
  saveCheckpoint,
} from '../../../src/postgres/log/log.ts'
import { createReadPriceEntries } from '../../../src/postgres/log/price-entries.ts'
import type { LogEntry } from '../../../src/core/log/entry.ts'
import { comparePositions, LOG_START } from '../../../src/core/log/position.ts'
import { atMinute, createRecorder, readStableLog } from '../../core/averages/recorded-prices.ts'
import { createDatabase } from '../../support/database.ts'

const WRITERS = 8
const PRICES_EACH = 150

test('an entry has the details of its price, and the log is read from any position in pages of any size', async (t) => {
  const { pool, recordPrices } = await createRecorder(t)
  const readLog = createReadLog(pool)
  assert.deepEqual(await readLog(LOG_START, 10), [])
  assert.deepEqual(await logEnd(pool), LOG_START)
  await recordPrices(
    { minute: 0, price: '1.50' },
    { minute: 1, price: '2' },
    { symbol: 'BTC-USD', minute: 0, price: '3' },
  )
  await recordPrices({ minute: 0, price: '1.75' })

  const all = await readStableLog(pool)
  assert.deepEqual(
    all.map(({ symbol, price, eventTime, correction }) => [symbol, price, eventTime, correction]),
    [
      ['AAPL', '1.50', atMinute(0), false],
      ['AAPL', '2', atMinute(1), false],
      ['BTC-USD', '3', atMinute(0), false],
      ['AAPL', '1.75', atMinute(0), true],
    ],
  )
  const [first, second] = all
  assert.ok(first && second)
  assert.deepEqual([first.provider, first.currency, first.priceId], ['recorded', 'USD', '1'])
  assert.deepEqual(await readLog(first.position, 1), [second])
  assert.deepEqual(await logEnd(pool), all.at(-1)?.position)
  assert.deepEqual(await readLog(await logEnd(pool), 10), [])
})

test('a reader for averages sees the same entries, page by page, and which of them were the newest of their series', async (t) => {
  const { pool, recordPrices } = await createRecorder(t)
  await recordPrices({ minute: 3, price: '1.50' }, { symbol: 'MSFT', minute: 3, price: '7' })
  // Late, and the newest of another series.
  await recordPrices({ minute: 1, price: '2' }, { symbol: 'MSFT', minute: 4, price: '8.125' })
  // Another price for the newest time.
  await recordPrices({ minute: 3, price: '1.5001' })
  const isNewest = [true, true, false, true, false]
  const all = (await readStableLog(pool)).map(({ position, seriesId, eventTime, price }, at) => ({
    position,
    seriesId,
    eventTime,
    price,
    isNewest: isNewest[at],
  }))
  const readPrices = createReadPriceEntries(pool)
  assert.deepEqual(await readPrices(LOG_START, 100), all)
  assert.deepEqual(await readPrices(all[1]!.position, 2), all.slice(2, 4))
  assert.deepEqual(await readPrices(all[4]!.position, 2), [])
})

test('the log reader misses nothing under concurrent writers with long and rolled-back transactions; a reader by id would', async (t) => {
  const pool = await createDatabase(t, WRITERS + 2)
  const seriesId = await createSeries(pool)
  const writing = writeConcurrently(pool, seriesId)
  const done = writing.then(() => readStableLog(pool))
  const [stable, byId] = await Promise.all([followStable(pool, done), followById(pool, done)])

  const { rows } = await pool.query<{ id: string }>('select id from prices order by epoch, xid, id')
  const written = rows.map((row) => row.id)
  assert.equal(written.length, await writing)
  assert.deepEqual(
    stable.map((entry) => entry.priceId),
    written,
  )
  assert.ok(byId.size < written.length, 'reading by id lost nothing: the writers were not concurrent enough')
})

test('an open transaction holds back later entries, and no entry is read twice once it ends', async (t) => {
  const pool = await createDatabase(t)
  const readLog = createReadLog(pool)
  const seriesId = await createSeries(pool)
  const slow = await pool.connect()
  await slow.query('begin')
  await insertPrice(slow, seriesId, 1)
  await insertPrice(pool, seriesId, 2)
  assert.deepEqual(await readLog(LOG_START, 10), [])
  const highWaterMark = await readHighWaterMark(pool)
  await slow.query('commit')
  slow.release()
  const entries = await readStableLog(pool)
  assert.deepEqual(
    entries.map((entry) => entry.eventTime),
    [atMinute(1), atMinute(2)],
  )
  assert.ok(entries.every((entry) => comparePositions(entry.position, highWaterMark) > 0))
  assert.ok(comparePositions(await readHighWaterMark(pool), entries.at(-1)?.position ?? LOG_START) > 0)
})

test('rows of an earlier epoch are stable whatever their transaction ids, and come first', async (t) => {
  const pool = await createDatabase(t)
  const seriesId = await createSeries(pool)
  await pool.query(
    `insert into prices (series_id, event_time, revision, late, price, received_at, raw_response_id, epoch, xid)
     values ($1, $2, 1, false, 1, now(), 1, 1, '99999999999')`,
    [seriesId, atMinute(1)],
  )
  assert.deepEqual(await createReadLog(pool)(LOG_START, 10), [])
  await pool.query('update log_epoch set epoch = 2')
  await insertPrice(pool, seriesId, 2)
  const entries = await readStableLog(pool)
  assert.deepEqual(
    entries.map((entry) => [entry.position.epoch, entry.eventTime]),
    [
      ['1', atMinute(1)],
      ['2', atMinute(2)],
    ],
  )
})

test('a saved position is loaded again, belongs to its reader alone and never goes back', async (t) => {
  const pool = await createDatabase(t)
  const position = { epoch: '1', xid: '18446744073709551615', id: '7' }
  assert.equal(await loadCheckpoint(pool, 'averages:5'), undefined)
  await saveCheckpoint(pool, 'averages:5', position)
  await saveCheckpoint(pool, 'averages:5', { ...position, id: '6' })
  assert.deepEqual(await loadCheckpoint(pool, 'averages:5'), position)
  assert.equal(await loadCheckpoint(pool, 'averages:20'), undefined)
})

async function createSeries(pool: pg.Pool): Promise<string> {
  const { rows } = await pool.query(`insert into series (provider, symbol) values ('recorded', 'AAPL') returning id`)
  return rows[0].id
}

async function insertPrice(client: pg.Pool | pg.PoolClient, seriesId: string, minute: number): Promise<void> {
  await client.query(
    `insert into prices (series_id, event_time, revision, late, price, received_at, raw_response_id, epoch)
     values ($1, $2, 1, false, 1, now(), 1, (select epoch from log_epoch))`,
    [seriesId, atMinute(minute)],
  )
}

/** One in five transactions stays open for up to 20 ms, one in twenty is rolled back; resolves with the number of the others. */
async function writeConcurrently(pool: pg.Pool, seriesId: string): Promise<number> {
  let committed = 0
  const write = async (minute: number) => {
    const client = await pool.connect()
    await client.query('begin')
    await insertPrice(client, seriesId, minute)
    if (minute % 5 === 0) await wait(minute % 21)
    const end = minute % 20 === 7 ? 'rollback' : 'commit'
    await client.query(end)
    client.release()
    committed += end === 'commit' ? 1 : 0
  }
  const writers = Array.from({ length: WRITERS }, async (_, writer) => {
    for (let i = 0; i < PRICES_EACH; i += 1) await write(i * WRITERS + writer)
  })
  await Promise.all(writers)
  return committed
}

async function followStable(pool: pg.Pool, done: Promise<unknown>): Promise<LogEntry[]> {
  const readLog = createReadLog(pool)
  const seen: LogEntry[] = []
  await readUntil(done, async () => {
    const pricesStored = await readLog(seen.at(-1)?.position ?? LOG_START, 100)
    seen.push(...pricesStored)
    return pricesStored.length
  })
  return seen
}

/** The control: the reader that most programs have first. */
async function followById(pool: pg.Pool, done: Promise<unknown>): Promise<Set<string>> {
  const seen = new Set<string>()
  let last = '0'
  await readUntil(done, async () => {
    const { rows } = await pool.query('select id from prices where id > $1 order by id limit 100', [last])
    for (const row of rows) seen.add((last = row.id))
    return rows.length
  })
  return seen
}

/** Reads until the writers have finished and nothing more is left. */
async function readUntil(done: Promise<unknown>, read: () => Promise<number>): Promise<void> {
  let isDone = false
  void done.then(() => (isDone = true))
  for (;;) {
    const last = isDone
    if ((await read()) === 0 && last) return
  }
}
