import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createRecompute } from '../../../src/postgres/averages/recompute.ts'
import { createReadLog } from '../../../src/postgres/log/log.ts'
import type { LogEntry } from '../../../src/core/log/entry.ts'
import { LOG_START } from '../../../src/core/log/position.ts'
import { expectedAverages } from '../../core/averages/oracle.ts'
import { until } from '../../support/until.ts'
import {
  createRecorder,
  readAverages,
  readStableLog,
  recorderOf,
  type TestPrice,
} from '../../core/averages/recorded-prices.ts'

const WINDOWS = [1, 2, 3, 5, 7, 12]

async function createAverages(t: Parameters<typeof createRecorder>[0], windows: readonly number[] = [5]) {
  const { pool, recordPrices } = await createRecorder(t)
  return { pool, recordPrices, recompute: createRecompute(pool, windows), entries: () => readStableLog(pool) }
}

test('five prices of twenty-one digits average to the exact decimal', async (t) => {
  const { pool, recordPrices, recompute, entries } = await createAverages(t)
  const last = ['12', '13', '14', '15', '17']
  await recordPrices(...last.map((digits, minute) => ({ minute, price: `123456789.1234567890${digits}` })))
  assert.equal(await recompute(await entries()), 1)
  assert.deepEqual(await readAverages(pool, 5), [[4, '123456789.1234567890142']])
})

test('a mean that is no finite decimal is rounded half up once, to 12 decimals or 6 more than its longest price has', async (t) => {
  const { pool, recordPrices, recompute, entries } = await createAverages(t, [3])
  await recordPrices({ minute: 0, price: '1' }, { minute: 1, price: '1.0' }, { minute: 2, price: '3' })
  await recordPrices({ minute: 3, price: '0.00000001' }, { minute: 4, price: '2' }, { minute: 5, price: '2.5' })
  await recompute(await entries())
  assert.deepEqual(await readAverages(pool, 3), [
    [2, '1.666666666667'],
    [3, '1.33333333666667'],
    [4, '1.66666667'],
    [5, '1.50000000333333'],
  ])
})

test('a mean that is a finite decimal is stored in full, without trailing zeros, however long it is', async (t) => {
  const { pool, recordPrices, recompute, entries } = await createAverages(t, [2, 8])
  await recordPrices(
    ...Array.from({ length: 8 }, (_, minute) => ({ minute, price: minute === 0 ? '0.000000000000000001' : '2.50' })),
  )
  await recompute(await entries())
  assert.deepEqual((await readAverages(pool, 2)).slice(0, 2), [
    [1, '1.2500000000000000005'],
    [2, '2.5'],
  ])
  assert.deepEqual(await readAverages(pool, 8), [[7, '2.187500000000000000125']])
})

test('a batch that needs several transactions, over many series, is averaged completely', async (t) => {
  const { pool, recordPrices, recompute, entries } = await createAverages(t, [37, 200])
  const prices = new Map(Array.from({ length: 450 }, (_, minute) => [minute, String(1 + ((minute * 7919) % 1000))]))
  const symbols = ['A', 'B', 'C']
  for (const symbol of symbols)
    await recordPrices(...[...prices].map(([minute, text]) => ({ symbol, minute, price: text })))
  assert.equal(await recompute(await entries()), 3 * (414 + 251))
  for (const window of [37, 200]) {
    const expected = expectedAverages(prices, window)
    for (const symbol of symbols) assert.deepEqual(await readAverages(pool, window, symbol), expected)
  }
})

test('a right average is not written again, and one late price changes only the windows that contain it', async (t) => {
  const { pool, recordPrices, recompute, entries } = await createAverages(t)
  for (let minute = 0; minute < 30; minute += 2) await recordPrices({ minute, price: String(minute + 1) })
  const before = await entries()
  assert.equal(await recompute(before), 11)
  assert.equal(await recompute(before.toReversed()), 0)
  await recordPrices({ minute: 11, price: '5000' })
  const late = (await entries()).slice(before.length)
  assert.equal(late.length, 1)
  assert.equal(await recompute(late), 5)
  const { rows } = await pool.query('select count(*)::int as count from moving_averages')
  assert.deepEqual(rows, [{ count: 12 }])
})

test('a repeated batch only reads: it gets no transaction id, which would hold back the log', async (t) => {
  const { pool, recordPrices, entries } = await createAverages(t)
  await recordPrices(...Array.from({ length: 9 }, (_, minute) => ({ minute, price: String(minute + 1) })))
  const seen: unknown[] = []
  const recompute = createRecompute(pool, [2, 5], async (client) => {
    const { rows } = await client.query('select pg_current_xact_id_if_assigned() is not null as writes')
    seen.push(rows[0].writes)
  })
  assert.equal(await recompute(await entries()), 8 + 5)
  assert.equal(await recompute(await entries()), 0)
  assert.deepEqual(seen, [true, false])
})

test('if the fence refuses, no average of any window is written', async (t) => {
  const { pool, recordPrices, entries } = await createAverages(t)
  await recordPrices(...Array.from({ length: 9 }, (_, minute) => ({ minute, price: String(minute + 1) })))
  const recompute = createRecompute(pool, [2, 5], () => Promise.reject(new Error('the lease is lost')))
  await assert.rejects(recompute(await entries()), /the lease is lost/)
  assert.equal((await pool.query('select from moving_averages')).rowCount, 0)
})

test('a recompute that waited for a slower one sees every price that was committed in between', async (t) => {
  const { pool, recordPrices, recompute, entries } = await createAverages(t)
  await recordPrices(...Array.from({ length: 5 }, (_, minute) => ({ minute, price: '10' })))
  const [entry] = await entries()
  const slower = await pool.connect()
  await slower.query('begin')
  await slower.query('select pg_advisory_xact_lock(1, $1)', [entry?.seriesId])
  const waiting = recompute(await entries())
  await until(async () => {
    const { rows } = await pool.query(
      `select from pg_locks where locktype = 'advisory' and not granted
          and database = (select oid from pg_database where datname = current_database())`,
    )
    return rows.length > 0
  }, 'the other waits for the lock')
  await recordPrices({ minute: 0, price: '60' })
  await slower.query('commit')
  slower.release()
  await waiting
  assert.deepEqual(await readAverages(pool, 5), [[4, '20']])
})

const price = fc
  .tuple(fc.bigInt({ min: 1n, max: 10n ** 12n }), fc.integer({ min: 0, max: 14 }))
  .map(([digits, scale]) => {
    const text = String(digits).padStart(scale + 1, '0')
    return scale === 0 ? text : `${text.slice(0, -scale)}.${text.slice(-scale)}`
  })
const pricedMinute = fc.record({ symbol: fc.constantFrom('A', 'B', 'C'), minute: fc.nat({ max: 40 }), price })
const history = fc.record({
  replies: fc.array(fc.array(pricedMinute, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 8 }),
  shuffle: fc.array(fc.nat(), { minLength: 200, maxLength: 200 }),
  batch: fc.integer({ min: 1, max: 40 }),
})

test('averages equal the plain arithmetic over the prices, whatever the order, batching and repetition of events', async (t) => {
  const { pool } = await createRecorder(t)
  const readLog = createReadLog(pool)
  const recompute = createRecompute(pool, WINDOWS)
  let start = LOG_START
  let run = 0
  await fc.assert(
    fc.asyncProperty(history, async ({ replies, shuffle, batch }) => {
      run += 1
      const recordPrices = recorderOf(pool)
      // Three consumers at once, over whatever of the log is there while the next reply is being recorded.
      for (const reply of replies) {
        const recorded = recordPrices(
          ...reply.map(({ symbol, minute, price: text }) => ({ symbol: `${symbol}${run}`, minute, price: text })),
        )
        await Promise.all([recorded, ...consume(await readLog(start, 10_000), shuffle, batch)])
      }
      const events = await readStableLog(pool, start)
      await Promise.all(consume(events, shuffle, batch))
      start = events.at(-1)?.position ?? start

      for (const symbol of ['A', 'B', 'C']) {
        const prices = currentPrices(replies.flat(), symbol)
        for (const window of WINDOWS) {
          assert.deepEqual(await readAverages(pool, window, `${symbol}${run}`), expectedAverages(prices, window))
        }
      }
    }),
    { numRuns: 20 },
  )

  function consume(events: readonly LogEntry[], shuffle: readonly number[], batch: number): Promise<unknown>[] {
    return [0, 1, 2].map(async (consumer) => {
      const order = (event: LogEntry) => shuffle[(Number(event.priceId) + consumer * 50) % shuffle.length] ?? 0
      const shuffled = events.toSorted((a, b) => order(a) - order(b))
      for (let from = 0; from < shuffled.length; from += batch) await recompute(shuffled.slice(from, from + batch))
    })
  }
})

/** The price that was reported last for each minute; the same number in another spelling changes nothing. */
function currentPrices(all: readonly TestPrice[], symbol: string): Map<number, string> {
  const prices = new Map<number, string>()
  for (const one of all.filter((each) => each.symbol === symbol)) {
    const before = prices.get(one.minute)
    if (before === undefined || plain(before) !== plain(one.price)) prices.set(one.minute, one.price)
  }
  return prices
}

function plain(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}
