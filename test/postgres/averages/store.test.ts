import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { averagesReader, type NewAverages } from '../../../src/core/averages/advance.ts'
import { LOG_START } from '../../../src/core/log/position.ts'
import type { Decimal } from '../../../src/lib/decimal.ts'
import { createStoreAverages } from '../../../src/postgres/averages/store.ts'
import { loadCheckpoint } from '../../../src/postgres/log/log.ts'
import { atMinute, createRecorder, readAverages, readStableLog } from '../../core/averages/recorded-prices.ts'

/** Two prices of a series, and the step that stores their average over two. */
async function createStep(t: TestContext) {
  const { pool, recordPrices } = await createRecorder(t)
  await recordPrices({ minute: 0, price: '1' }, { minute: 1, price: '2' })
  const last = (await readStableLog(pool)).at(-1) ?? assert.fail()
  const { seriesId, position } = last
  const step: NewAverages = {
    window: 2,
    averages: [{ seriesId, eventTime: atMinute(1), average: '1.5' as Decimal }],
    oldestInputs: [{ seriesId, eventTime: atMinute(0) }],
    from: LOG_START,
    to: position,
  }
  const stored = async () => [await readAverages(pool, 2), await loadCheckpoint(pool, averagesReader(2))]
  return { pool, step, stored }
}

const NOTHING = [[], undefined]

test('averages are stored together with the checkpoint, and only if it is where they begin', async (t) => {
  const { pool, step, stored } = await createStep(t)
  const storeAverages = createStoreAverages(pool)
  assert.equal(await storeAverages(step), true)
  const first = [[[1, '1.5']], step.to]
  assert.deepEqual(await stored(), first)

  const wrong = { ...step, averages: [{ ...step.averages[0]!, average: '7' as Decimal }] }
  assert.equal(await storeAverages(wrong), false)
  assert.deepEqual(await stored(), first)
})

test('of two processes that store the same part of the log at once, one does', async (t) => {
  const { pool, step, stored } = await createStep(t)
  const storeAverages = createStoreAverages(pool)
  const outcomes = await Promise.all([storeAverages(step), storeAverages(step), storeAverages(step)])
  assert.equal(outcomes.filter((isStored) => isStored).length, 1)
  assert.deepEqual(await stored(), [[[1, '1.5']], step.to])
})

test('if the fence refuses, neither the averages nor the checkpoint are stored', async (t) => {
  const { pool, step, stored } = await createStep(t)
  const storeAverages = createStoreAverages(pool, () => Promise.reject(new Error('the lease is lost')))
  await assert.rejects(storeAverages(step), /the lease is lost/)
  assert.deepEqual(await stored(), NOTHING)
})

test('an average whose oldest price was deleted in the meantime is not stored', async (t) => {
  const { pool, step, stored } = await createStep(t)
  await pool.query('delete from prices where event_time = $1', [atMinute(0)])
  assert.equal(await createStoreAverages(pool)(step), false)
  assert.deepEqual(await stored(), NOTHING)
})

test('an average that is stored already and is right keeps its time, a wrong one is replaced', async (t) => {
  const { pool, step } = await createStep(t)
  const storeAverages = createStoreAverages(pool)
  const computedAt = async () => (await pool.query('select computed_at from moving_averages')).rows[0].computed_at
  await storeAverages(step)
  const before = await computedAt()
  await pool.query('delete from log_positions')
  assert.equal(await storeAverages(step), true)
  assert.equal(await computedAt(), before)
  await pool.query("update moving_averages set average = '1.50'")
  await pool.query('delete from log_positions')
  await storeAverages(step)
  assert.deepEqual(await readAverages(pool, 2), [[1, '1.5']])
})
