import { setTimeout } from 'node:timers/promises'
import { Admin, findErrorBy, UserError } from '@platformatic/kafka'
import { ServiceError } from '../../errors.ts'
import type { KafkaAccess } from './options.ts'
import { withDeadline, type Limit } from '../../lib/deadline.ts'

/** How a topic must be; what is undefined is left to the broker, or as it is. */
export type TopicSpec = {
  readonly name: string
  readonly partitions: number | undefined
  readonly replication: number | undefined
  /** Settings of a topic that we make; one that is there keeps its own. */
  readonly settings?: Readonly<Record<string, string>>
}

export type Topic = { readonly name: string; readonly id: string; readonly partitions: number }

const DEFAULT_PARTITIONS = 6
const ASK_MS = 15_000

/**
 * Makes the topic if it is missing, else checks that it is as wished.
 * @throws ServiceError `conflict`, saying what does not fit and what to do, where trying again is no use; any other
 * error where Kafka is away
 */
export async function ensureTopic(access: KafkaAccess, spec: TopicSpec, signal?: AbortSignal): Promise<Topic> {
  const limit = { ms: ASK_MS, what: `topic ${spec.name}`, signal }
  return withAdmin(access, limit, async (admin) => (await describe(admin, spec)) ?? (await create(admin, spec)))
}

/**
 * Only checks, and changes nothing; undefined if there is no such topic.
 * @throws as `ensureTopic`
 */
export async function findTopic(access: KafkaAccess, spec: TopicSpec): Promise<Topic | undefined> {
  return withAdmin(access, { ms: ASK_MS, what: `topic ${spec.name}` }, (admin) => describe(admin, spec))
}

async function withAdmin<T>(access: KafkaAccess, limit: Limit, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Admin({ ...access, retries: 2 })
  try {
    return await withDeadline(work(admin), limit)
  } finally {
    void admin.close().catch(() => {})
  }
}

/** The topic as it is; undefined if there is none. */
async function describe(admin: Admin, spec: TopicSpec): Promise<Topic | undefined> {
  const { name } = spec
  const metadata = await admin.metadata({ topics: [name], forceUpdate: true }).catch((error: unknown) => {
    if (isUnknownTopic(error)) return undefined
    throw explained(error, spec)
  })
  const topic = metadata?.topics.get(name)
  if (topic === undefined) return undefined
  const replication = topic.partitions[0]?.replicas.length ?? 0
  check(spec, topic.partitionsCount, replication)
  return { name, id: topic.id, partitions: topic.partitionsCount }
}

async function create(admin: Admin, spec: TopicSpec): Promise<Topic> {
  const { name, partitions = DEFAULT_PARTITIONS, replication = -1, settings = {} } = spec
  const configs = Object.entries(settings).map(([key, value]) => ({ name: key, value }))
  await admin.createTopics({ topics: [name], partitions, replicas: replication, configs }).catch((error: unknown) => {
    // Another process was faster.
    if (!says(error, 'TOPIC_ALREADY_EXISTS')) throw explained(error, spec)
  })
  // Of several brokers, those that did not make it learn of it a moment later.
  for (let tries = 0; tries < 20; tries += 1) {
    const made = await describe(admin, spec)
    if (made !== undefined) return made
    await setTimeout(100)
  }
  throw new Error(`topic ${name} was made, and is not known to the broker yet`)
}

/** The client turns the broker's answer into an error of its own, which keeps nothing but words. */
export function isUnknownTopic(error: unknown): boolean {
  return error instanceof UserError && error.message.startsWith('Unknown topic')
}

function check({ name, ...spec }: TopicSpec, partitions: number, replication: number): void {
  const advice = 'change the setting, or make another topic and name it in KAFKA_TOPIC.'
  if (spec.partitions !== undefined && spec.partitions !== partitions) {
    const more = `Topic ${name} has ${partitions} partitions, KAFKA_PARTITIONS says ${spec.partitions}: ${advice}`
    throw new ServiceError(
      'conflict',
      `${more} More partitions for a topic in use would break the order of its symbols.`,
    )
  }
  if (spec.replication !== undefined && spec.replication !== replication) {
    throw new ServiceError(
      'conflict',
      `Topic ${name} has ${replication} replicas, KAFKA_REPLICATION says ${spec.replication}: ${advice}`,
    )
  }
}

/** Broker errors that stay until a person does something, in words. */
function explained(error: unknown, { name, replication }: TopicSpec): unknown {
  if (says(error, 'INVALID_REPLICATION_FACTOR')) {
    const wanted = replication === undefined ? 'as many replicas as it is set to by default' : `${replication} replicas`
    return new ServiceError(
      'conflict',
      `The brokers cannot keep ${wanted} of topic ${name}: there are too few of them.`,
      {
        cause: error,
      },
    )
  }
  if (says(error, 'TOPIC_AUTHORIZATION_FAILED') || says(error, 'CLUSTER_AUTHORIZATION_FAILED')) {
    return new ServiceError(
      'conflict',
      `Kafka does not let us describe or create topic ${name}: grant it, or make it.`,
      {
        cause: error,
      },
    )
  }
  return error
}

/** Whether the error, or one inside it, is that answer of a broker. */
export function says(error: unknown, answer: string): boolean {
  return error instanceof Error && findErrorBy(error, 'apiId', answer) !== null
}
