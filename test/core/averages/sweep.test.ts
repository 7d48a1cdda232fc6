import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type pg from 'pg'
import { averagesReader } from '../../../src/core/averages/advance.ts'
import { createSweeping } from '../../../src/core/averages/sweep.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { createRecompute } from '../../../src/postgres/averages/recompute.ts'
import { loadCheckpoint, saveCheckpoint } from '../../../src/postgres/log/log.ts'
import type { LogPosition } from '../../../src/core/log/position.ts'
import { createReadSweepSlice } from '../../../src/postgres/averages/sweep.ts'
import { expectedAverages } from './oracle.ts'
import { createRecorder, readAverages, readStableLog } from './recorded-prices.ts'

const FAR: LogPosition = { epoch: '9', xid: '0', id: '0' }
/** Without a follower only the sweep saves a checkpoint. */
type Situation = { readonly ageSeconds?: number; readonly followed?: LogPosition; readonly hasFollower?: boolean }

/** Sweeps all windows once: the clock's first pause is the end. */
async function sweep(pool: pg.Pool, windows: readonly number[], situation: Situation = {}) {
  const { ageSeconds = 0, followed = FAR, hasFollower = true } = situation
  if (hasFollower) for (const window of windows) await saveCheckpoint(pool, averagesReader(window), followed)
  const stopper = new AbortController()
  const clock = { ...systemClock, sleep: async () => stopper.abort() }
  const sweeping = createSweeping({
    hasFollower,
    windows,
    readSlice: createReadSweepSlice(pool, ageSeconds),
    recompute: (affected, window) => createRecompute(pool, [window])(affected),
    loadCheckpoint: (reader) => loadCheckpoint(pool, reader),
    saveCheckpoint: (reader, position) => saveCheckpoint(pool, reader, position),
    clock,
    onError: (error) => assert.fail(String(error)),
  })
  await sweeping.run(stopper.signal)
}

/** 1,200 prices, more than one slice, none of them averaged. */
async function createPrices(t: TestContext) {
  const { pool, recordPrices } = await createRecorder(t)
  const prices = new Map(Array.from({ length: 1_200 }, (_, minute) => [minute, `${minute + 1}`]))
  await recordPrices(...[...prices].map(([minute, price]) => ({ minute, price })))
  const log = await readStableLog(pool)
  return { pool, recordPrices, prices, log }
}

test('averages of lost events are filled in, and those of late and of replaced prices are corrected', async (t) => {
  const { pool, recordPrices, prices } = await createPrices(t)
  await sweep(pool, [5])
  assert.deepEqual(await readAverages(pool, 5), expectedAverages(prices, 5))

  for (const [minute, price] of [
    [600.5, '7'],
    [600, '8'],
    [1_199, '9'],
  ] as const) {
    await recordPrices({ minute, price })
    prices.set(minute, price)
  }
  await readStableLog(pool)
  await sweep(pool, [5])
  assert.deepEqual(await readAverages(pool, 5), expectedAverages(prices, 5))
})

test('the sweep leaves what a follower of the log has not reached yet to the follower', async (t) => {
  const { pool, log } = await createPrices(t)
  await sweep(pool, [5], { followed: log[1_099]?.position ?? assert.fail() })
  const averaged = await readAverages(pool, 5)
  assert.ok(averaged.length > 0 && averaged.every(([minute]) => minute < 1_100))
})

test('the sweep leaves prices of the last minute to the followers of the log', async (t) => {
  const { pool } = await createPrices(t)
  await sweep(pool, [5], { ageSeconds: 60 })
  assert.deepEqual(await readAverages(pool, 5), [])
})

test('without a follower the checkpoint advances over what is averaged, and stops before the first recent gap', async (t) => {
  const { pool, log } = await createPrices(t)
  const affected = [...log.slice(0, 300), ...log.slice(310)]
  await createRecompute(pool, [1])(affected)
  await sweep(pool, [1], { ageSeconds: 60, hasFollower: false })
  assert.deepEqual(await loadCheckpoint(pool, averagesReader(1)), log[299]?.position)

  await sweep(pool, [1], { ageSeconds: 0, hasFollower: false })
  assert.deepEqual(await loadCheckpoint(pool, averagesReader(1)), log.at(-1)?.position)
  assert.equal((await readAverages(pool, 1)).length, log.length)
})
