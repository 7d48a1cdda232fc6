import { test } from 'node:test'
import { Admin } from '@platformatic/kafka'
import type { KafkaAccess } from '../../src/kafka/access.ts'
import { startCluster, type Broker } from '../support/kafka-broker.ts'
import { accessTo, freshName, needsKafkaItself } from '../support/kafka.ts'
import { assertNothingLost, createLoad } from './load.ts'
import { createPipeline } from './pipeline.ts'

test(
  'of three brokers the leader is killed, its partitions go to different ones, and nothing is lost or stuck',
  needsKafkaItself,
  async (t) => {
    const brokers = await startCluster()
    t.after(() => Promise.all(brokers.map((broker) => broker.end())))
    const access = accessTo(brokers.map((broker) => broker.brokers).join())
    const name = freshName(t)
    await createSplitTopic(access, name)
    const pipeline = await createPipeline(t, { access, name })
    const load = createLoad(t, pipeline)
    pipeline.startRelay()
    pipeline.startConsumer()
    pipeline.startConsumer()
    await load.until(30)
    const dead = brokers[0] as Broker
    await dead.kill()
    await load.until(100)
    await dead.start()
    await load.until(130)
    await assertNothingLost(pipeline, await load.end())
  },
)

/** Six partitions, two led by each broker; those of the first broker have their second replicas on different ones. */
async function createSplitTopic(access: KafkaAccess, name: string): Promise<void> {
  const admin = new Admin(access)
  const replicas = [
    [1, 2, 3],
    [1, 3, 2],
    [2, 3, 1],
    [2, 1, 3],
    [3, 1, 2],
    [3, 2, 1],
  ]
  const assignments = replicas.map((brokers, partition) => ({ partition, brokers }))
  await admin.createTopics({ topics: [{ topic: name, partitions: -1, replicas: -1, assignments }] })
  await admin.close()
}
