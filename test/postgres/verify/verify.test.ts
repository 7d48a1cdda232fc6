import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { averagesReader } from '../../../src/core/averages/advance.ts'
import type pg from 'pg'
import type { LogEntry } from '../../../src/core/log/entry.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { createRecompute } from '../../../src/postgres/averages/recompute.ts'
import { saveCheckpoint } from '../../../src/postgres/log/log.ts'
import { createVerify } from '../../../src/postgres/verify/verify.ts'
import { atMinute, createRecorder, parseRecorded, readStableLog } from '../../core/averages/recorded-prices.ts'

const WINDOWS = [3, 5]
const SERIES = { provider: 'recorded', symbol: 'AAPL', currency: 'USD' }

/** Nine prices and a correction, stored and averaged, with the positions that a service would have saved. */
async function createVerified(t: TestContext, parserVersion = 1) {
  const { pool, recordPrices } = await createRecorder(t)
  const recompute = createRecompute(pool, WINDOWS)
  const average = async () => {
    const entries = await readStableLog(pool)
    await recompute(entries)
    await saveAll(pool, entries)
  }
  await recordPrices(...[1, 2, 3, 4].map((minute) => ({ minute, price: `${minute}.10` })))
  await recordPrices(...[5, 6, 7, 8].map((minute) => ({ minute, price: `${minute}.123456789012` })))
  await recordPrices({ minute: 4, price: '4.2' }, { symbol: 'MSFT', minute: 1, price: '400' })
  await average()
  const parserOf = (provider: string) =>
    provider === 'recorded' ? { parserVersion, parseReply: parseRecorded } : undefined
  const hasty = { ...systemClock, monotonic: hastyTime() }
  const verify = createVerify({ pool, windows: WINDOWS, parserOf, clock: hasty })
  return { pool, recordPrices, verify: () => verify(AbortSignal.timeout(30_000)) }
}

async function saveAll(pool: pg.Pool, entries: readonly LogEntry[]): Promise<void> {
  const last = entries.at(-1)?.position ?? assert.fail()
  for (const window of WINDOWS) await saveCheckpoint(pool, averagesReader(window), last)
}

/** Each reading of the clock is five seconds after the last. */
function hastyTime(): () => number {
  let now = 0
  return () => (now += 5_000)
}

test('a correct database has no differences, including superseded prices and corrections', async (t) => {
  const { verify } = await createVerified(t)
  assert.deepEqual(await verify(), {
    checkedPrices: 10,
    checkedAverages: 6 + 4,
    otherParserVersion: 0,
    lagging: 0,
    differences: [],
    differenceCount: 0,
  })
})

test('an average that was changed, one that is missing and one that has no prices are found', async (t) => {
  const { pool, verify } = await createVerified(t)
  await pool.query('update moving_averages set average = average + 1e-12 where window_size = 3 and event_time = $1', [
    atMinute(5),
  ])
  await pool.query('delete from moving_averages where window_size = 5 and event_time = $1', [atMinute(8)])
  await pool.query(
    `insert into moving_averages (series_id, window_size, event_time, average)
     select id, 5, $1::timestamptz, 400 from series where symbol = 'MSFT'`,
    [atMinute(1)],
  )
  const { differences, differenceCount } = await verify()
  assert.equal(differenceCount, 3)
  assert.deepEqual(differences, [
    {
      kind: 'average',
      ...SERIES,
      timestamp: atMinute(5),
      window: 3,
      stored: '4.141152263005',
      expected: '4.141152263004',
      reason: 'it is not the mean of its prices',
    },
    {
      kind: 'average',
      ...SERIES,
      timestamp: atMinute(8),
      window: 5,
      stored: null,
      expected: '6.1387654312096',
      reason: 'the average is missing',
    },
    {
      kind: 'average',
      ...SERIES,
      symbol: 'MSFT',
      timestamp: atMinute(1),
      window: 5,
      stored: '400',
      expected: null,
      reason: 'no such prices are stored',
    },
  ])
})

test('a price that was changed is found by its raw reply, and so are the averages that no longer fit', async (t) => {
  const { pool, verify } = await createVerified(t)
  await pool.query('update prices set price = 8.5 where event_time = $1', [atMinute(8)])
  const { differences } = await verify()
  assert.deepEqual(
    differences.map(({ kind, timestamp, stored, expected }) => [kind, timestamp, stored, expected]),
    [
      ['price', atMinute(8), '8.5', '8.123456789012'],
      ['average', atMinute(8), '7.123456789012', '7.248971192674666667'],
      ['average', atMinute(8), '6.1387654312096', '6.2140740734072'],
    ],
  )
})

test('a reply whose bytes were changed, and one that is missing, are found with every price that came from them', async (t) => {
  const { pool, verify } = await createVerified(t)
  await pool.query(
    `update raw_bodies set body = body || ' '::bytea where sha256 = (select sha256 from raw_responses where id = 1)`,
  )
  await pool.query('delete from raw_responses where id = 2')
  const { differences, checkedPrices } = await verify()
  assert.equal(checkedPrices, 10)
  assert.deepEqual(
    differences.map(({ timestamp, reason }) => [timestamp, reason]),
    [
      ...[1, 2, 3, 4].map((minute) => [atMinute(minute), 'its reply is damaged']),
      ...[5, 6, 7, 8].map((minute) => [atMinute(minute), 'its reply is not stored']),
    ],
  )
})

test('prices of another version of the parser are counted separately', async (t) => {
  const { verify } = await createVerified(t, 2)
  const { checkedPrices, otherParserVersion, differenceCount } = await verify()
  assert.deepEqual(
    { checkedPrices, otherParserVersion, differenceCount },
    { checkedPrices: 0, otherParserVersion: 10, differenceCount: 0 },
  )
})

test('averages that are not up to date yet are lagging, not wrong', async (t) => {
  const { pool, recordPrices, verify } = await createVerified(t)
  await recordPrices({ minute: 9, price: '9' }, { minute: 6, price: '6' })
  await readStableLog(pool)
  await pool.query('update moving_averages set average = 1 where window_size = 3 and event_time = $1', [atMinute(3)])
  const { lagging, differences } = await verify()
  // Window 3: minutes 6 to 9; window 5: minutes 6 to 9.
  assert.equal(lagging, 8)
  assert.deepEqual(
    differences.map(({ timestamp, stored }) => [timestamp, stored]),
    [[atMinute(3), '1']],
  )
})

test('a window that is still being filled lags', async (t) => {
  const { pool, verify } = await createVerified(t)
  await pool.query('delete from moving_averages where window_size = 5')
  await pool.query('delete from log_positions where reader = $1', [averagesReader(5)])
  const { lagging, differenceCount } = await verify()
  assert.deepEqual({ lagging, differenceCount }, { lagging: 4, differenceCount: 0 })
})

test('a thousand differences are all counted and a hundred of them listed', async (t) => {
  const { pool, recordPrices, verify } = await createVerified(t)
  await recordPrices(...Array.from({ length: 1_000 }, (_, minute) => ({ symbol: 'TSLA', minute, price: '7' })))
  const entries = await readStableLog(pool)
  await saveAll(pool, entries)
  const { differences, differenceCount } = await verify()
  assert.deepEqual([differences.length, differenceCount], [100, 998 + 996])
})
