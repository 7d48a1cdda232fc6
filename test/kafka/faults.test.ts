import { after, before, describe, test } from 'node:test'
import { startBroker, type Broker } from '../support/kafka-broker.ts'
import { accessTo, needsKafkaItself } from '../support/kafka.ts'
import { until } from '../support/until.ts'
import { assertNothingLost, createLoad } from './load.ts'
import { createPipeline } from './pipeline.ts'

describe('a separate broker', needsKafkaItself, () => {
  let broker: Broker
  before(async () => void (broker = await startBroker()))
  after(() => broker.end())

  test('a broker that is killed and restarts loses no price, no order and no average', async (t) => {
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

  test('a broker that is frozen for longer than our timeouts causes only a delay', async (t) => {
    const pipeline = await createPipeline(t, { access: accessTo(broker.brokers) })
    const load = createLoad(t, pipeline)
    const relay = pipeline.startRelay()
    pipeline.startConsumer()
    await load.until(20)
    process.kill(broker.pid(), 'SIGSTOP')
    const errorsBefore = relay.publishErrors.length
    await until(() => relay.publishErrors.length > errorsBefore, 'the publisher gave up waiting')
    process.kill(broker.pid(), 'SIGCONT')
    await load.until(40)
    await assertNothingLost(pipeline, await load.end())
  })
})
