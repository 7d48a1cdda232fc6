import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { pino } from 'pino'
import { ROLES } from '../../../src/core/cluster/roles.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { readConfig } from '../../../src/app/config.ts'
import { createPool } from '../../../src/postgres/connection/pool.ts'
import { migrate } from '../../../src/postgres/schema/migrate.ts'
import { createVerify } from '../../../src/postgres/verify/verify.ts'
import { startService } from '../../../src/app/service.ts'
import { createEmptyDatabase, urlOf } from '../../support/database.ts'
import { until } from '../../support/until.ts'
import { expectedAverages } from './oracle.ts'
import { parseTold, readAverages, recorderOf } from './recorded-prices.ts'

const parserOf = () => ({ parserVersion: 1, parseReply: parseTold })

/** One database, prices for it, and any number of services on it, each with windows of its own. */
async function createInstallation(t: TestContext) {
  const parts = new AsyncDisposableStack()
  // Hooks run in the order of their creation: the services end before their database is dropped.
  t.after(() => parts.disposeAsync())
  const url = urlOf(await createEmptyDatabase(t))
  const pool = parts.adopt(createPool(url, { size: 4, onError: () => {} }), (opened) => opened.end())
  await migrate(pool)

  const tell = recorderOf(pool)
  const prices = new Map<number, string>()
  /** That many more minutes, and a late correction among the first ones. */
  const tellMore = async (count: number) => {
    const fresh = Array.from({ length: count }, (_, i) => ({ minute: prices.size + i, price: `${prices.size + i}.5` }))
    const corrected = { minute: prices.size % 7, price: `${prices.size + 1}` }
    for (const batch of [fresh, [corrected]]) {
      await tell(...batch)
      for (const { minute, price } of batch) prices.set(minute, price)
    }
  }

  const serve = async (...windows: number[]) => {
    const config = readConfig({ PORT: '0', MA_WINDOWS: windows.join(), DATABASE_URL: url }, '/dev/null')
    const version = { name: 'market-data-service', version: '0.0.0-test', node: process.version }
    return parts.use(
      await startService({ config, log: pino({ level: 'silent' }), version }, { demo: false, roles: ROLES }),
    )
  }

  /** What `verify` reports now: by its clock, ten seconds pass between two looks. */
  const lagging = async (...windows: number[]) => {
    let now = 0
    const clock = { ...systemClock, now: () => (now += 10_000) }
    const found = await createVerify({ pool, windows, parserOf, clock })(AbortSignal.timeout(30_000))
    assert.deepEqual(found.differences, [])
    return found.lagging
  }
  /** Nothing may be wrong at any time until everything is computed. */
  const untilComplete = async (...windows: number[]) => {
    await until(async () => (await lagging(...windows)) === 0, `the averages over ${windows.join()}`)
    for (const window of windows) assert.deepEqual(await readAverages(pool, window), expectedAverages(prices, window))
  }
  return { tellMore, serve, lagging, untilComplete }
}

test('a window that is added is filled from the first price on, and nothing is wrong at any time', async (t) => {
  const { tellMore, serve, lagging, untilComplete } = await createInstallation(t)
  await tellMore(600)
  const before = await serve(5)
  await untilComplete(5)
  await before[Symbol.asyncDispose]()

  assert.equal(await lagging(5, 20), 581)
  await serve(20, 5)
  await tellMore(600)
  await untilComplete(5, 20)
})

test('a window that was removed and is added again resumes at its checkpoint', async (t) => {
  const { tellMore, serve, lagging, untilComplete } = await createInstallation(t)
  const first = await serve(5, 20)
  await tellMore(100)
  await untilComplete(5, 20)
  await first[Symbol.asyncDispose]()

  const second = await serve(5)
  await tellMore(100)
  await untilComplete(5)
  assert.ok((await lagging(5, 20)) >= 100)
  await second[Symbol.asyncDispose]()

  await serve(5, 20)
  await tellMore(100)
  await untilComplete(5, 20)
})

test('services with different windows share a database, and a window that only a stopped service computes lags, and is not wrong', async (t) => {
  const { tellMore, serve, lagging, untilComplete } = await createInstallation(t)
  await serve(5, 7)
  const other = await serve(7, 20)
  for (let round = 0; round < 10; round += 1) {
    await tellMore(50)
    await lagging(5, 7, 20)
  }
  await untilComplete(5, 7, 20)

  await other[Symbol.asyncDispose]()
  await tellMore(50)
  await untilComplete(5, 7)
  assert.ok((await lagging(20)) >= 50)
})
