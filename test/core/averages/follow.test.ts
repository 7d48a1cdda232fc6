import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type pg from 'pg'
import { averagesReader } from '../../../src/core/averages/advance.ts'
import { createAveraging } from '../../../src/core/averages/follow.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { createRecompute } from '../../../src/postgres/averages/recompute.ts'
import { createReadInputsBefore } from '../../../src/postgres/averages/inputs.ts'
import { createStoreAverages } from '../../../src/postgres/averages/store.ts'
import { loadCheckpoint } from '../../../src/postgres/log/log.ts'
import { createReadPriceEntries } from '../../../src/postgres/log/price-entries.ts'
import { comparePositions, LOG_START } from '../../../src/core/log/position.ts'
import { expectedAverages } from './oracle.ts'
import { until } from '../../support/until.ts'
import { createRecorder, readAverages, readStableLog } from './recorded-prices.ts'

type Needs = Parameters<typeof createAveraging>[0]
type Parts = Partial<Pick<Needs, 'windows' | 'recompute' | 'storeAverages' | 'readLog' | 'onError'>>

const recomputeIn =
  (pool: pg.Pool): Needs['recompute'] =>
  (affected, window) =>
    createRecompute(pool, [window])(affected)

/** A consumer that runs until the test ends, or until it is stopped. */
function createConsumer(t: TestContext, pool: pg.Pool, parts: Parts = {}) {
  const averaging = createAveraging({
    windows: [3],
    readLog: createReadPriceEntries(pool),
    loadCheckpoint: (reader) => loadCheckpoint(pool, reader),
    readInputsBefore: createReadInputsBefore(pool),
    storeAverages: createStoreAverages(pool),
    recompute: recomputeIn(pool),
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
  return { stop }
}

/** Until the checkpoint of each window is the end of the log. */
async function untilCaughtUp(pool: pg.Pool, ...windows: number[]): Promise<void> {
  const last = (await readStableLog(pool)).at(-1)?.position ?? assert.fail()
  for (const window of windows) {
    const atEnd = async () =>
      comparePositions((await loadCheckpoint(pool, averagesReader(window))) ?? LOG_START, last) === 0
    await until(atEnd, `the averages over ${window} have caught up`)
  }
}

test('prices are averaged as they arrive, by any number of concurrent consumers', async (t) => {
  const { pool, recordPrices } = await createRecorder(t)
  const consumers = [1, 2, 3].map(() => createConsumer(t, pool))
  const prices = new Map<number, string>()
  for (let minute = 0; minute < 40; minute += 1) {
    const at = minute % 4 === 3 ? minute - 3 : minute
    prices.set(at, `${minute + 1}.25`)
    await recordPrices({ minute: at, price: `${minute + 1}.25` })
  }
  await untilCaughtUp(pool, 3)
  assert.deepEqual(await readAverages(pool, 3), expectedAverages(prices, 3))
  await Promise.all(consumers.map((consumer) => consumer.stop()))
})

test('a consumer that restarts resumes after its checkpoint', async (t) => {
  const { pool, recordPrices } = await createRecorder(t)
  const first = createConsumer(t, pool)
  await recordPrices({ minute: 0, price: '1' }, { minute: 1, price: '2' })
  await untilCaughtUp(pool, 3)
  await first.stop()
  await recordPrices({ minute: 2, price: '3' })

  const read: string[] = []
  const readLog = createReadPriceEntries(pool)
  const second = createConsumer(t, pool, {
    readLog: async (after, limit) => {
      const entries = await readLog(after, limit)
      read.push(...entries.map((entry) => entry.eventTime))
      return entries
    },
  })
  await untilCaughtUp(pool, 3)
  assert.deepEqual(read, ['2025-06-15T00:02:00Z'])
  assert.deepEqual(await readAverages(pool, 3), [[2, '2']])
  await second.stop()
})

const isAway = () => Promise.reject(new Error('the database is away'))

test('a batch whose recomputation fails is retried, and the checkpoint is not saved before it succeeds', async (t) => {
  const { pool, recordPrices } = await createRecorder(t)
  const errors: unknown[] = []
  const [recompute, storeAverages] = [recomputeIn(pool), createStoreAverages(pool)]
  let outage: 'recompute' | 'store' | undefined = 'recompute'
  const consumer = createConsumer(t, pool, {
    recompute: (entries, window) => (outage === 'recompute' ? isAway() : recompute(entries, window)),
    storeAverages: (averages) => (outage === 'store' ? isAway() : storeAverages(averages)),
    onError: (error) => errors.push(error),
  })
  await recordPrices({ minute: 0, price: '1' }, { minute: 2, price: '3' }, { minute: 1, price: '2' })
  await until(() => errors.length >= 2, 'two failures')
  assert.equal(await loadCheckpoint(pool, averagesReader(3)), undefined)
  outage = 'store'
  await until(() => errors.length >= 4, 'two more failures')
  assert.equal(await loadCheckpoint(pool, averagesReader(3)), undefined)
  outage = undefined
  await untilCaughtUp(pool, 3)
  assert.deepEqual(await readAverages(pool, 3), [[2, '2']])
  await consumer.stop()
})

test('windows with the same checkpoint share their reads, and a window that is behind delays no other', async (t) => {
  const { pool, recordPrices } = await createRecorder(t)
  await recordPrices({ minute: 0, price: '1' }, { minute: 1, price: '2' }, { minute: 2, price: '3' })
  await readStableLog(pool)
  const readLog = createReadPriceEntries(pool)
  let readings = 0
  const first = createConsumer(t, pool, {
    windows: [2, 3],
    readLog: async (after, limit) => {
      const entries = await readLog(after, limit)
      if (entries.length > 0) readings += 1
      return entries
    },
  })
  await untilCaughtUp(pool, 2, 3)
  assert.equal(readings, 1)
  await first.stop()

  const storeAverages = createStoreAverages(pool)
  const { promise: freed, resolve: free } = Promise.withResolvers<void>()
  const second = createConsumer(t, pool, {
    windows: [1, 2, 3],
    storeAverages: async (averages) => {
      if (averages.window === 1) await freed
      return storeAverages(averages)
    },
  })
  await recordPrices({ minute: 3, price: '4' })
  await untilCaughtUp(pool, 2, 3)
  assert.deepEqual([await readAverages(pool, 1), (await readAverages(pool, 3)).at(-1)], [[], [3, '3']])
  free()
  await untilCaughtUp(pool, 1)
  assert.equal((await readAverages(pool, 1)).length, 4)
  await second.stop()
})
