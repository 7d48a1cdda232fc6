import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type pg from 'pg'
import { averagesReader, createAdvance, type AdvanceNeeds } from '../../../src/core/averages/advance.ts'
import { LOG_START } from '../../../src/core/log/position.ts'
import { createReadInputsBefore } from '../../../src/postgres/averages/inputs.ts'
import { createRecompute } from '../../../src/postgres/averages/recompute.ts'
import { createStoreAverages } from '../../../src/postgres/averages/store.ts'
import { loadCheckpoint } from '../../../src/postgres/log/log.ts'
import { createReadPriceEntries } from '../../../src/postgres/log/price-entries.ts'
import { trim } from '../../../src/postgres/log/retention.ts'
import { untilStable } from '../../support/stable.ts'
import { expectedAverages } from '../../core/averages/oracle.ts'
import { createRecorder, readAverages, recorderOf, type TestPrice } from '../../core/averages/recorded-prices.ts'

// Followers of the log against the plain arithmetic, with everything that can come between them and the table. Retention
// counts days, so the prices are a day apart.

const WINDOWS = [1, 2, 3, 7]
const DAY_MINUTES = 1_440
const DAY_MS = 86_400_000
const FIRST_DAY_MS = Date.parse('2025-06-15T00:00:00Z')
const { signal } = new AbortController()

/** What may go wrong in the next step of a follower. */
type Fault = 'none' | 'lease lost' | 'killed before the commit' | 'killed after the commit'

const needsOf = (pool: pg.Pool): AdvanceNeeds => ({
  loadCheckpoint: (reader) => loadCheckpoint(pool, reader),
  readInputsBefore: createReadInputsBefore(pool),
  recompute: (affected, window) => createRecompute(pool, [window])(affected),
  storeAverages: createStoreAverages(pool),
})

/** Follows the log in steps, each window on its own; a fault ends it, and the next step starts it again. */
function createFollower(pool: pg.Pool) {
  let fault: Fault = 'none'
  const fence = async () => {
    if (fault === 'lease lost' || fault === 'killed before the commit') throw new Error(fault)
  }
  const storeAverages = createStoreAverages(pool, fence)
  const needs: AdvanceNeeds = {
    ...needsOf(pool),
    recompute: (affected, window) =>
      createRecompute(pool, [window], fault === 'lease lost' ? fence : undefined)(affected),
    storeAverages: async (averages) => {
      const isStored = await storeAverages(averages)
      if (fault === 'killed after the commit') throw new Error(fault)
      return isStored
    },
  }
  const readLog = createReadPriceEntries(pool)
  const startWindow = async (window: number) => {
    let position = (await loadCheckpoint(pool, averagesReader(window))) ?? LOG_START
    const advance = createAdvance(needs, { window, position, maxInputs: 14 })
    return async (batch: number) => {
      const entries = await readLog(position, batch)
      await advance(entries, signal)
      position = entries.at(-1)?.position ?? position
      return entries.length
    }
  }
  let running: Awaited<ReturnType<typeof startWindow>>[] | undefined
  return async (batch: number, next: Fault = 'none'): Promise<number> => {
    fault = next
    running ??= await Promise.all(WINDOWS.map(startWindow))
    let read = 0
    try {
      for (const step of running) read += await step(batch)
    } catch (error) {
      assert.equal(String(error), `Error: ${fault}`)
      // A process that only lost its lease may go on in the same memory once it has it again.
      if (fault !== 'lease lost') running = undefined
    }
    return read
  }
}

/** Each symbol in two currencies is two series. */
const SERIES = [
  { symbol: 'A', currency: 'USD' },
  { symbol: 'A', currency: 'GBP' },
  { symbol: 'B', currency: 'USD' },
] as const

const DAYS = 40
const price = fc.constantFrom('1', '2.5', '2.50', '100.01', '196.449996948242', '123456789.12345678901')
/** Mostly the next day of the series, as live prices are; else any earlier one, new or not. */
const quoted = fc.record({
  series: fc.constantFrom(...SERIES),
  earlier: fc.oneof({ weight: 8, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.nat({ max: 20 }) }),
  price,
})
const faults = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Fault>('none') },
  { weight: 1, arbitrary: fc.constantFrom<Fault>('lease lost', 'killed before the commit', 'killed after the commit') },
)
const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('record'), quotes: fc.array(quoted, { minLength: 1, maxLength: 9 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('follow'),
      // Mostly the same one: two that alternate find the checkpoint moved, and recompute everything.
      who: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 1),
      batch: fc.integer({ min: 1, max: 30 }),
      fault: faults,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('follow together'), batch: fc.integer({ min: 1, max: 9 }) }) },
  // Some of the last prices of most series, which are in memory, are deleted with the rest.
  { weight: 1, arbitrary: fc.record({ do: fc.constant('trim'), back: fc.nat({ max: 4 }) }) },
)

test('averages equal the plain arithmetic over the prices, with late, corrected and trimmed prices, two followers, lost leases and kills', async (t) => {
  const { pool } = await createRecorder(t)
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 10, maxLength: 40, size: 'max' }), async (actions) => {
      await pool.query('truncate prices, moving_averages, log_positions')
      const [recordPrices, followers] = [recorderOf(pool), [createFollower(pool), createFollower(pool)] as const]
      const days = new Map<unknown, number>()
      for (const each of actions) {
        if ('quotes' in each) await recordPrices(...each.quotes.map((quote) => priceOf(quote, days)))
        else if ('back' in each) await trimBefore(pool, Math.max(0, ...days.values()) - each.back)
        else if ('who' in each) await followers[each.who](each.batch, each.fault)
        else await Promise.all(followers.map((follow) => follow(each.batch)))
      }
      await untilStable(pool)
      // Whichever of them is alive at the end.
      const [last] = followers
      while ((await last(50)) > 0);
      await assertAllRight(pool)
    }),
    { numRuns: Number(process.env['AVERAGES_RUNS'] ?? 15) },
  )
})

test('a process that another one has overtaken stores no average from before a late price, and moves no checkpoint back', async (t) => {
  const { pool, recordPrices } = await createRecorder(t)
  const readLog = createReadPriceEntries(pool)
  const advanceOf = () => createAdvance(needsOf(pool), { window: 2, position: LOG_START, maxInputs: 100 })
  const [slow, fast] = [advanceOf(), advanceOf()]
  await recordPrices({ minute: 0, price: '1' }, { minute: 2, price: '3' }, { minute: 4, price: '5' })
  await untilStable(pool)
  const before = await readLog(LOG_START, 10)
  await recordPrices({ minute: 3, price: '4' })
  await untilStable(pool)
  const all = await readLog(LOG_START, 10)
  assert.deepEqual([before.length, all.length], [3, 4])

  await fast(all, signal)
  await slow(before, signal)
  assert.deepEqual(await readAverages(pool, 2), [
    [2, '2'],
    [3, '3.5'],
    [4, '4.5'],
  ])
  assert.deepEqual(await loadCheckpoint(pool, averagesReader(2)), all.at(-1)?.position)
})

type Quoted = { readonly series: (typeof SERIES)[number]; readonly earlier: number | null; readonly price: string }

function priceOf({ series, earlier, price: text }: Quoted, days: Map<unknown, number>): TestPrice {
  const next = Math.min(DAYS, (days.get(series) ?? -1) + 1)
  if (earlier === null) days.set(series, next)
  return { ...series, minute: DAY_MINUTES * Math.max(0, next - (earlier ?? 0)), price: text }
}

/** Deletes what is older than that day. */
async function trimBefore(pool: pg.Pool, day: number): Promise<void> {
  const pricesDays = Math.floor((Date.now() - FIRST_DAY_MS) / DAY_MS) - day
  await trim({ pool, signal }, { pricesDays, syntheticProviders: [], syntheticDays: 3_650, runsDays: 3_650 })
}

async function assertAllRight(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<{ series_id: string; day: number; price: string }>(
    `select distinct on (series_id, event_time) series_id, event_time::date - '2025-06-15'::date as day, price
       from prices order by series_id, event_time, revision desc`,
  )
  const stored = await pool.query<{ series_id: string; window_size: number; day: number; average: string }>(
    `select series_id, window_size, event_time::date - '2025-06-15'::date as day, average from moving_averages
      order by series_id, window_size, event_time`,
  )
  const bySeries = Map.groupBy(rows, (row) => row.series_id)
  const expected = [...bySeries].flatMap(([series, prices]) =>
    WINDOWS.flatMap((window) =>
      expectedAverages(new Map(prices.map((row) => [row.day, row.price])), window).map(([day, average]) => [
        series,
        window,
        day,
        average,
      ]),
    ),
  )
  assert.deepEqual(
    stored.rows.map((row) => [row.series_id, row.window_size, row.day, row.average]),
    expected,
  )
}
