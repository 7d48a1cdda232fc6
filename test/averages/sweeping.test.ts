import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type pg from 'pg'
import { createSweeping, sweepReader } from '../../src/averages/sweeping.ts'
import { systemClock } from '../../src/clock.ts'
import { createRecompute } from '../../src/postgres/averages.ts'
import { loadPlace, savePlace } from '../../src/postgres/log.ts'
import { createReadSweepSlice } from '../../src/postgres/sweep.ts'
import { expectedAverages } from './oracle.ts'
import { createTeller, readAverages, readSettledLog } from './told-prices.ts'

/** Sweeps all windows once: the clock's first pause is the end. */
async function sweep(pool: pg.Pool, windows: readonly number[], ageSeconds = 0): Promise<void> {
  const stopper = new AbortController()
  const clock = { ...systemClock, sleep: async () => stopper.abort() }
  const sweeping = createSweeping({
    windows,
    readSlice: createReadSweepSlice(pool, ageSeconds),
    recompute: (touched, window) => createRecompute(pool, [window])(touched),
    loadPlace: (reader) => loadPlace(pool, reader),
    savePlace: (reader, place) => savePlace(pool, reader, place),
    clock,
    onError: (error) => assert.fail(String(error)),
  })
  await sweeping.run(stopper.signal)
}

/** 1,200 prices, more than one slice, none of them averaged. */
async function createPrices(t: TestContext) {
  const { pool, tell } = await createTeller(t)
  const prices = new Map(Array.from({ length: 1_200 }, (_, minute) => [minute, `${minute + 1}`]))
  await tell(...[...prices].map(([minute, price]) => ({ minute, price })))
  const log = await readSettledLog(pool)
  return { pool, tell, prices, log }
}

test('the averages of lost events are filled in, and those of late prices and of replaced ones put right', async (t) => {
  const { pool, tell, prices } = await createPrices(t)
  await sweep(pool, [5])
  assert.deepEqual(await readAverages(pool, 5), expectedAverages(prices, 5))

  for (const [minute, price] of [
    [600.5, '7'],
    [600, '8'],
    [1_199, '9'],
  ] as const) {
    await tell({ minute, price })
    prices.set(minute, price)
  }
  await readSettledLog(pool)
  await sweep(pool, [5])
  assert.deepEqual(await readAverages(pool, 5), expectedAverages(prices, 5))
})

test('a window that is new is filled for the prices of old, and has no place of its own before that', async (t) => {
  const { pool, prices, log } = await createPrices(t)
  await sweep(pool, [5])
  await savePlace(pool, 'fill:3', log[99]?.place ?? assert.fail())
  assert.equal(await loadPlace(pool, sweepReader(3)), undefined)
  await sweep(pool, [5, 3])
  const end = log.at(-1)?.place
  assert.deepEqual([await loadPlace(pool, sweepReader(5)), await loadPlace(pool, sweepReader(3))], [end, end])
  const behindTheFilling = expectedAverages(prices, 3).filter(([minute]) => minute >= 100)
  assert.deepEqual(await readAverages(pool, 3), behindTheFilling)
})

test('prices of the last minute are left to those who follow the log', async (t) => {
  const { pool } = await createPrices(t)
  await sweep(pool, [5], 60)
  assert.deepEqual(await readAverages(pool, 5), [])
})
