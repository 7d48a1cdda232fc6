import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { systemClock } from '../../src/lib/clock.ts'
import { averagesGroup } from '../../src/kafka/consumer.ts'
import { createReadKafkaStatus } from '../../src/kafka/status.ts'
import type { KafkaStatus } from '../../src/core/health/status.ts'
import { startBroker } from '../support/kafka-broker.ts'
import { accessTo, freshName, needsKafka, needsKafkaItself, testAccess } from '../support/kafka.ts'
import { sendValues } from '../support/kafka-records.ts'
import { until } from '../support/until.ts'
import { createPipeline, type Pipeline } from './pipeline.ts'

/** Queries Kafka each time, without the cache. */
function readerOf({ access, topic }: Pick<Pipeline, 'access' | 'topic'>): () => Promise<KafkaStatus> {
  const group = averagesGroup(topic.name)
  return () => createReadKafkaStatus({ access, topic, group, clock: systemClock })()
}

const totalOf = ({ seen }: KafkaStatus) => ({
  messages: seen?.partitions.reduce((sum, { messages }) => sum + messages, 0),
  lag: seen?.partitions.reduce((sum, { lag }) => sum + lag, 0),
})

test('a topic that does not exist yet has no partitions', needsKafka, async (t) => {
  const topic = { name: freshName(t), partitions: 6, replication: undefined }
  const read = readerOf({ access: await testAccess(), topic })
  const seen = await until(async () => (await read()).seen ?? undefined, 'Kafka answers')
  assert.deepEqual(seen, { partitions: [], groupState: null })
})

test(
  'the lag of each partition is known for a group without members, while it reads, and afterwards',
  needsKafka,
  async (t) => {
    const pipeline = await createPipeline(t, { partitions: 3 })
    const { access, topic, recordPrices, startRelay, startConsumer } = pipeline
    const read = readerOf(pipeline)
    startRelay()
    for (let minute = 0; minute < 20; minute += 1) await recordPrices({ minute, price: '1' })
    const behind = await until(async () => {
      const status = await read()
      return totalOf(status).messages === 20 && status
    }, 'the topic holds all messages')
    assert.equal(totalOf(behind).lag, 20)
    assert.deepEqual(
      behind.seen?.partitions.map(({ partition }) => partition),
      [0, 1, 2],
    )
    assert.equal(behind.seen?.groupState, null)

    const consumer = startConsumer()
    await until(async () => {
      const status = await read()
      return totalOf(status).lag === 0 && status.seen?.groupState === 'Stable'
    }, 'a member has processed all messages')
    await consumer.stop()
    await sendValues(access, topic.name, ['no price'])
    const left = await until(async () => {
      const status = await read()
      return status.seen?.groupState === 'Empty' && totalOf(status).messages === 21 && status
    }, 'the group is empty')
    assert.equal(totalOf(left).lag, 1)
  },
)

describe('a broker that dies', needsKafkaItself, () => {
  test('Kafka is reported unavailable since the first failed query, whether dead or frozen, and available again afterwards', async (t) => {
    const broker = await startBroker()
    t.after(() => broker.end())
    let now = Date.now()
    const clock = { ...systemClock, now: () => now, monotonic: () => now }
    const read = createReadKafkaStatus({
      access: accessTo(broker.brokers),
      topic: { name: 'none' },
      group: 'none',
      clock,
    })
    const look = () => {
      now += 5_000
      return read()
    }
    await until(async () => (await look()).awaySince === null, 'Kafka answers')
    process.kill(broker.pid(), 'SIGSTOP')
    const since = performance.now()
    const first = await look()
    const waited = performance.now() - since
    t.diagnostic(`known after ${Math.round(waited)} ms`)
    // The client itself would wait for 8 s.
    assert.ok(waited < 5_000)
    assert.ok(first.awaySince !== null && first.seen === null)
    await broker.kill()
    const second = await look()
    assert.equal(second.awaySince, first.awaySince)
    await broker.start()
    await until(async () => (await look()).awaySince === null, 'Kafka answers again')
  })
})
