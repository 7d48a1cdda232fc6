import type { Role } from '../core/cluster/roles.ts'
import { systemClock as clock } from '../lib/clock.ts'
import { isDoneInTime } from '../lib/deadline.ts'
import { ConfigError, type Config } from './config.ts'
import { ServiceError } from '../errors.ts'
import { kafkaAccess, type KafkaAccess } from '../kafka/client/options.ts'
import { deadLetterTopic } from '../kafka/dead-letters.ts'
import type { TopicSpec } from '../kafka/client/topics.ts'

// Kafka's client is loaded by those who speak to Kafka only: it would make every other start a third longer.

/** The brokers and the topic that the settings name. */
export type Kafka = { readonly access: KafkaAccess; readonly topic: TopicSpec }

/**
 * Kafka as the settings have it; undefined where they name no brokers. Nothing is asked of it.
 * @throws ConfigError for a certificate or key that cannot be read
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
 * Kafka, for a command that is of no use without it.
 * @throws ConfigError also where the settings name no brokers
 */
export function requireKafka(config: Config): Kafka {
  const kafka = kafkaOf(config)
  if (kafka === undefined) throw new ConfigError(['KAFKA_BROKERS: is needed for this, and not set'])
  return kafka
}

/** A start does not wait longer for Kafka. */
const PREPARE_MS = 2_000

/**
 * Makes the topics that are missing. Where Kafka is away or slow it only tells: whoever needs them makes them, too.
 * @throws ConfigError for topics that do not fit the settings
 */
export async function prepareTopics({ access, topic }: Kafka, onAway: (error: unknown) => void): Promise<void> {
  const { ensureTopic } = await import('../kafka/client/topics.ts')
  const specs = [topic, deadLetterTopic(topic)]
  const prepared = Promise.all(specs.map((spec) => ensureTopic(access, spec))).catch((error: unknown) => {
    if (error instanceof ServiceError) throw new ConfigError([error.message])
    onAway(error)
  })
  await isDoneInTime(prepared, { ms: PREPARE_MS, what: 'Kafka', clock })
  // Told later, whoever uses the topic tells it.
  prepared.catch(() => {})
}

/** What is asked of Kafka to say how the service is. */
export async function kafkaReads(kafka: Kafka | undefined, roles: readonly Role[]) {
  const readKafkaStatus = kafka && (await loadReadKafkaStatus(kafka))
  // Whatever else a process does goes on without Kafka.
  const isOfUseAnyway = roles.some((role) => role === 'api' || role === 'poller')
  const kafkaReady = async () => {
    if (readKafkaStatus === undefined || isOfUseAnyway) return
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
 * How far averages may be behind, and all is well. With Kafka it is the sweep that knows how far they are, and late prices
 * wait a minute for it.
 */
export function toleratedLagSeconds({ KAFKA_BROKERS }: Config): number {
  return KAFKA_BROKERS === undefined ? 10 : 90
}
