import type { Role } from '../core/cluster/roles.ts'
import { systemClock as clock } from '../lib/clock.ts'
import { isDoneInTime } from '../lib/deadline.ts'
import { ConfigError, type Config } from './config.ts'
import { ServiceError } from '../errors.ts'
import { kafkaAccess, type KafkaAccess } from '../kafka/client/options.ts'
import { deadLetterTopic } from '../kafka/dead-letters.ts'
import type { TopicSpec } from '../kafka/client/topics.ts'

// Kafka's client is loaded only by what uses Kafka: it would make every other start a third longer.

/** The brokers and the topic of the configuration. */
export type Kafka = { readonly access: KafkaAccess; readonly topic: TopicSpec }

/**
 * Kafka as configured; undefined if no brokers are. It does not connect.
 * @throws ConfigError if a certificate or key cannot be read
 */
export function kafkaOf(config: Config): Kafka | undefined {
  if (config.KAFKA_BROKERS === undefined) return undefined
  const { KAFKA_TOPIC: name, KAFKA_PARTITIONS: partitions, KAFKA_REPLICATION: replication } = config
  try {
    return { access: kafkaAccess(config), topic: { name, partitions, replication } }
  } catch (error) {
    throw new ConfigError([(error as Error).message])
  }
}

/**
 * Kafka, for a command that requires it.
 * @throws ConfigError also if no brokers are configured
 */
export function requireKafka(config: Config): Kafka {
  const kafka = kafkaOf(config)
  if (kafka === undefined) throw new ConfigError(['KAFKA_BROKERS is not set; this command requires it.'])
  return kafka
}

/** How long a start waits for Kafka. */
const PREPARE_MS = 2_000

/**
 * Creates missing topics. If Kafka is unavailable or slow, the start continues: the users of the topics create them, too.
 * @throws ConfigError if an existing topic does not match the configuration
 */
export async function prepareTopics({ access, topic }: Kafka, onAway: (error: unknown) => void): Promise<void> {
  const { ensureTopic } = await import('../kafka/client/topics.ts')
  const specs = [topic, deadLetterTopic(topic)]
  const prepared = Promise.all(specs.map((spec) => ensureTopic(access, spec))).catch((error: unknown) => {
    if (error instanceof ServiceError) throw new ConfigError([error.message])
    onAway(error)
  })
  await isDoneInTime(prepared, { ms: PREPARE_MS, what: 'Kafka', clock })
  // A later failure is reported by the users of the topic.
  prepared.catch(() => {})
}

/** What the health of the service needs to know of Kafka. */
export async function kafkaReads(kafka: Kafka | undefined, roles: readonly Role[]) {
  const readKafkaStatus = kafka && (await loadReadKafkaStatus(kafka))
  // These roles work without Kafka.
  const worksWithoutKafka = roles.some((role) => role === 'api' || role === 'poller')
  const kafkaReady = async () => {
    if (readKafkaStatus === undefined || worksWithoutKafka) return
    const { awaySince } = await readKafkaStatus()
    if (awaySince !== null) throw new ServiceError('storage_unavailable', `Kafka has not answered since ${awaySince}.`)
  }
  return { readKafkaStatus, kafkaReady }
}

async function loadReadKafkaStatus(kafka: Kafka) {
  const [{ averagesGroup }, { createReadKafkaStatus }] = await Promise.all([
    import('../kafka/consumer.ts'),
    import('../kafka/status.ts'),
  ])
  return createReadKafkaStatus({ ...kafka, group: averagesGroup(kafka.topic.name), clock })
}

/**
 * How many seconds averages may lag in a healthy service. With Kafka, the sweep determines how far they are, and it waits a
 * minute for late prices.
 */
export function toleratedLagSeconds({ KAFKA_BROKERS }: Config): number {
  return KAFKA_BROKERS === undefined ? 10 : 90
}
