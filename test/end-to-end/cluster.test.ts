import { test } from 'node:test'
import { Admin } from '@platformatic/kafka'
import type { KafkaAccess } from '../../src/kafka/client/options.ts'
import { assertNothingLost, createLoad } from '../kafka/load.ts'
import { startCluster, type Broker } from '../support/kafka-broker.ts'
import { needsKafkaItself } from '../support/kafka.ts'
import { createInstallation } from './installation.ts'

test(
  'if the leader of three brokers is killed, its partitions move to the others, and nothing is lost or stuck',
  needsKafkaItself,
  async (t) => {
    const brokers = await startCluster()
    t.after(() => Promise.all(brokers.map((broker) => broker.end())))
    const env = { KAFKA_PARTITIONS: '6', KAFKA_REPLICATION: '3' }
    const installation = await createInstallation(t, { brokers: brokers.map((broker) => broker.brokers).join(), env })
    await createSplitTopic(installation.access, installation.topic.name)
    const load = createLoad(t, installation)
    const { start } = installation
    await Promise.all([start('relay'), start('consume'), start('consume')])
    await load.until(60)
    const leader = brokers[0] as Broker
    await leader.kill()
    await load.until(150)
    await leader.start()
    await load.until(200)
    await assertNothingLost(installation, await load.end())
  },
)

/** Six partitions, two led by each broker; the second replicas of the first broker's partitions are on different brokers. */
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
