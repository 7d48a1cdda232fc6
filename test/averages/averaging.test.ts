import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type pg from 'pg'
import { averagesReader, createAveraging } from '../../src/averages/averaging.ts'
import { systemClock } from '../../src/clock.ts'
import { createRecompute, type Recompute } from '../../src/postgres/averages.ts'
import { createReadLog, loadPlace, savePlace } from '../../src/postgres/log.ts'
import { comparePlaces, LOG_START, type LogPlace } from '../../src/prices/log.ts'
import { expectedAverages } from './oracle.ts'
import { until } from '../support/until.ts'
import { createTeller, readAverages, readSettledLog } from './told-prices.ts'

type Parts = { readonly window?: number; readonly recompute?: Recompute; readonly onError?: (error: unknown) => void }

/** A consumer that runs until the test ends, or until it is stopped. */
function createConsumer(t: TestContext, pool: pg.Pool, parts: Parts = {}) {
  const { window = 3 } = parts
  const averaging = createAveraging({
    window,
    readLog: createReadLog(pool),
    loadPlace: (reader) => loadPlace(pool, reader),
    savePlace: (reader, place) => savePlace(pool, reader, place),
    recompute: createRecompute(pool, [window]),
    waitForPrices: (ms, signal) => systemClock.sleep(ms, signal),
    clock: systemClock,
    ...parts,
  })
  const stopper = new AbortController()
  const running = averaging.run(stopper.signal)
  const stop = async () => {
    stopper.abort()
    await running
  }
  t.after(stop)
  return { ...averaging, stop }
}

async function end(pool: pg.Pool): Promise<LogPlace> {
  return (await readSettledLog(pool)).at(-1)?.place ?? LOG_START
}

test('prices are averaged as they come, by any number of consumers at once, and each says how far it is', async (t) => {
  const { pool, tell } = await createTeller(t)
  const consumers = [1, 2, 3].map(() => createConsumer(t, pool))
  const prices = new Map<number, string>()
  for (let minute = 0; minute < 40; minute += 1) {
    const at = minute % 4 === 3 ? minute - 3 : minute
    prices.set(at, `${minute + 1}.25`)
    await tell({ minute: at, price: `${minute + 1}.25` })
  }
  const last = await end(pool)
  await until(
    () => consumers.every((consumer) => comparePlaces(consumer.caughtUpTo(), last) === 0),
    'the consumers have caught up',
  )
  assert.deepEqual(await readAverages(pool, 3), expectedAverages(prices, 3))
  assert.deepEqual(await loadPlace(pool, averagesReader(3)), last)
  await Promise.all(consumers.map((consumer) => consumer.stop()))
})

test('a consumer that starts again goes on behind its saved place', async (t) => {
  const { pool, tell } = await createTeller(t)
  const first = createConsumer(t, pool)
  await tell({ minute: 0, price: '1' }, { minute: 1, price: '2' })
  const place = await end(pool)
  await until(() => comparePlaces(first.caughtUpTo(), place) === 0, 'the consumers have caught up')
  await first.stop()
  await tell({ minute: 2, price: '3' })

  const touched: string[] = []
  const recompute = createRecompute(pool, [3])
  const second = createConsumer(t, pool, {
    recompute: (entries) => {
      touched.push(...entries.map((entry) => entry.eventTime))
      return recompute(entries)
    },
  })
  const last = await end(pool)
  await until(() => comparePlaces(second.caughtUpTo(), last) === 0, 'the consumers have caught up')
  assert.deepEqual(touched, ['2025-06-15T00:02:00Z'])
  assert.deepEqual(await readAverages(pool, 3), [[2, '2']])
  await second.stop()
})

test('a batch whose recomputation fails is tried again, and its place is not saved before it succeeds', async (t) => {
  const { pool, tell } = await createTeller(t)
  const errors: unknown[] = []
  const recompute = createRecompute(pool, [3])
  let outage = true
  const consumer = createConsumer(t, pool, {
    recompute: (entries) => (outage ? Promise.reject(new Error('the database is away')) : recompute(entries)),
    onError: (error) => errors.push(error),
  })
  await tell({ minute: 0, price: '1' }, { minute: 1, price: '2' }, { minute: 2, price: '3' })
  await until(() => errors.length >= 2, 'two failures')
  assert.equal(await loadPlace(pool, averagesReader(3)), undefined)
  outage = false
  const last = await end(pool)
  await until(() => comparePlaces(consumer.caughtUpTo(), last) === 0, 'the consumers have caught up')
  assert.deepEqual(await readAverages(pool, 3), [[2, '2']])
  await consumer.stop()
})

test('a window that is new, or was left out for a while, gets every average it lacks, and holds up no other', async (t) => {
  const { pool, tell } = await createTeller(t)
  const prices = new Map<number, string>()
  const say = async (minute: number) => {
    prices.set(minute, `${minute + 1}`)
    await tell({ minute, price: `${minute + 1}` })
  }
  const follow = async (...windows: number[]) => {
    const consumers = windows.map((window) => createConsumer(t, pool, { window }))
    const last = await end(pool)
    await until(() => consumers.every((each) => comparePlaces(each.caughtUpTo(), last) === 0), 'all have caught up')
    await Promise.all(consumers.map((consumer) => consumer.stop()))
  }
  for (const [first, ...windows] of [
    [0, 3],
    [10, 3, 2],
    [20, 3],
    [30, 2, 3],
  ] as const) {
    for (let minute = first; minute < first + 10; minute += 1) await say(minute)
    await follow(...windows)
  }
  for (const window of [2, 3]) assert.deepEqual(await readAverages(pool, window), expectedAverages(prices, window))
})
