import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { createPublisher } from '../../src/kafka/publisher.ts'
import { republish } from '../../src/kafka/relay.ts'
import { createReadLog, logEnd } from '../../src/postgres/log.ts'
import { LOG_START, placeText } from '../../src/prices/log.ts'
import { startBroker, type Broker } from '../support/kafka-broker.ts'
import { readTopic } from '../support/kafka-records.ts'
import { accessTo, needsKafkaItself } from '../support/kafka.ts'
import { until } from '../support/until.ts'
import { assertAverages, assertNothingLost, createLoad } from './load.ts'
import { createPipeline } from './pipeline.ts'

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
    await republish(
      { readLog: createReadLog(pool), publisher },
      { after: LOG_START, end: await logEnd(pool) },
      new AbortController().signal,
    )
    pipeline.startConsumer()
    await assertAverages(pipeline, log)
    const places = new Set((await readTopic(access, topic.name)).map(({ headers }) => headers['mds.place']))
    assert.deepEqual(places, new Set(log.map(({ place }) => placeText(place))))
  })
})
