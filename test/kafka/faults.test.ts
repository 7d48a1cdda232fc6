import assert from 'node:assert/strict'
import { after, before, describe, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../src/clock.ts'
import { createPublisher } from '../../src/kafka/publisher.ts'
import { republish } from '../../src/kafka/relay.ts'
import { createReadLog } from '../../src/postgres/log.ts'
import { LOG_START, placeText, type LogEntry } from '../../src/prices/log.ts'
import { expectedAverages } from '../averages/oracle.ts'
import { readAverages, readSettledLog } from '../averages/told-prices.ts'
import { startBroker, type Broker } from '../support/kafka-broker.ts'
import { readTopic } from '../support/kafka-records.ts'
import { accessTo, needsKafkaItself } from '../support/kafka.ts'
import { until } from '../support/until.ts'
import { createPipeline, type Pipeline } from './pipeline.ts'

const SYMBOLS = ['AAPL', 'MSFT', 'BRK.B', 'BTC-USD']

describe('a broker of its own', needsKafkaItself, () => {
  let broker: Broker
  before(async () => void (broker = await startBroker()))
  after(() => broker.end())

  test('a broker that is killed and comes back loses no price, no order and no average', async (t) => {
    const pipeline = await createPipeline(t, { access: accessTo(broker.brokers) })
    const load = createLoad(t, pipeline)
    pipeline.startRelay()
    pipeline.startConsumer()
    await load.until(20)
    await broker.kill()
    await load.until(60)
    await broker.start()
    await load.until(80)
    await assertNothingLost(pipeline, await load.end())
  })

  test('a broker that is frozen for longer than we wait delays, and nothing else', async (t) => {
    const pipeline = await createPipeline(t, { access: accessTo(broker.brokers) })
    const load = createLoad(t, pipeline)
    const relay = pipeline.startRelay()
    pipeline.startConsumer()
    await load.until(20)
    process.kill(broker.pid(), 'SIGSTOP')
    await until(() => relay.publisher.state().failure, 'the publisher gave up waiting')
    process.kill(broker.pid(), 'SIGCONT')
    await load.until(40)
    await assertNothingLost(pipeline, await load.end())
  })

  test('a broker that is stopped and wiped holds up no price, and republishing brings all of it back', async (t) => {
    const pipeline = await createPipeline(t, { access: accessTo(broker.brokers) })
    const load = createLoad(t, pipeline)
    pipeline.startRelay()
    await load.until(20)
    await broker.stop()
    await load.until(40)
    await broker.wipe()
    await broker.start()
    const log = await load.end()

    const { access, topic, pool } = pipeline
    await using publisher = createPublisher({ access, topic, clock: systemClock })
    await republish({ readLog: createReadLog(pool), publisher }, LOG_START, new AbortController().signal)
    pipeline.startConsumer()
    await assertAverages(pipeline, log)
    const places = new Set((await readTopic(access, topic.name)).map(({ headers }) => headers['mds.place']))
    assert.deepEqual(places, new Set(log.map(({ place }) => placeText(place))))
  })
})

/** Tells a price of every symbol each few milliseconds, whatever happens to the broker. */
function createLoad(t: TestContext, { pool, tell }: Pipeline) {
  let minute = 0
  let isOver = false
  t.after(() => (isOver = true))
  const telling = (async () => {
    for (; !isOver; minute += 1) {
      await tell(...SYMBOLS.map((symbol) => ({ symbol, minute, price: `${1 + (minute % 89)}.5` })))
      await sleep(20)
    }
  })()
  return {
    until: (minutes: number) => until(() => minute >= minutes, `${minutes} minutes are told`),
    end: async () => {
      isOver = true
      await telling
      return readSettledLog(pool)
    },
  }
}

async function assertNothingLost(pipeline: Pipeline, log: readonly LogEntry[]): Promise<void> {
  await assertAverages(pipeline, log)
  const records = await readTopic(pipeline.access, pipeline.topic.name)
  for (const symbol of SYMBOLS) {
    const announced = new Set(records.filter(({ key }) => key === symbol).map(({ headers }) => headers['mds.place']))
    const told = log.filter((entry) => entry.symbol === symbol).map(({ place }) => placeText(place))
    // A set keeps the order of first occurrences.
    assert.deepEqual([...announced], told)
  }
}

async function assertAverages({ pool }: Pipeline, log: readonly LogEntry[]): Promise<void> {
  const minutes = log.length / SYMBOLS.length
  const prices = new Map(Array.from({ length: minutes }, (_, minute) => [minute, `${1 + (minute % 89)}.5`]))
  for (const symbol of SYMBOLS) {
    await until(async () => (await readAverages(pool, 5, symbol)).length === minutes - 4, `averages of ${symbol}`)
    assert.deepEqual(await readAverages(pool, 5, symbol), expectedAverages(prices, 5))
  }
  assert.deepEqual((await pool.query('select * from dead_letters')).rows, [])
}
