import { Admin, UserError } from '@platformatic/kafka'
import { ServiceError } from '../../errors.ts'
import { systemClock, type Clock } from '../../lib/clock.ts'
import { withDeadline, type Limit } from '../../lib/deadline.ts'
import { hasBrokerError } from './errors.ts'
import type { KafkaAccess } from './options.ts'

/** How a topic must be; what is undefined is left to the broker, or as it is. */
export type TopicSpec = {
  readonly name: string
  readonly partitions: number | undefined
  readonly replication: number | undefined
  /** Topic settings on creation; an existing topic keeps its own. */
  readonly settings?: Readonly<Record<string, string>>
}

export type Topic = { readonly name: string; readonly id: string; readonly partitions: number }

type Options = { readonly signal?: AbortSignal; readonly clock?: Clock }

const DEFAULT_PARTITIONS = 6
const REQUEST_MS = 15_000

/**
 * Creates the topic if it is missing; otherwise checks that it matches the spec.
 * @throws ServiceError `conflict`, with what does not match and what to do, if retrying is of no use; any other error if
 * Kafka is unavailable
 */
export async function ensureTopic(access: KafkaAccess, spec: TopicSpec, options: Options = {}): Promise<Topic> {
  const limit = { ms: REQUEST_MS, what: `topic ${spec.name}`, ...options }
  return withAdmin(access, limit, async (admin) => {
    const found = await describe(admin, spec)
    if (found !== undefined) return found
    await create(admin, spec)
    return untilVisible(() => describe(admin, spec), spec.name, options)
  })
}

/**
 * Only checks, and changes nothing; undefined if the topic does not exist.
 * @throws as `ensureTopic`
 */
export async function findTopic(access: KafkaAccess, spec: TopicSpec): Promise<Topic | undefined> {
  return withAdmin(access, { ms: REQUEST_MS, what: `topic ${spec.name}` }, (admin) => describe(admin, spec))
}

async function withAdmin<T>(access: KafkaAccess, limit: Limit, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Admin({ ...access, retries: 2 })
  try {
    return await withDeadline(work(admin), limit)
  } finally {
    void admin.close().catch(() => {})
  }
}

/** The topic as it is; undefined if it does not exist. */
async function describe(admin: Admin, spec: TopicSpec): Promise<Topic | undefined> {
  const { name } = spec
  const metadata = await admin.metadata({ topics: [name], forceUpdate: true }).catch((error: unknown) => {
    if (isUnknownTopic(error)) return undefined
    throw explained(error, spec)
  })
  const topic = metadata?.topics.get(name)
  if (topic === undefined) return undefined
  assertMatches(spec, topic.partitionsCount, topic.partitions[0]?.replicas.length ?? 0)
  return { name, id: topic.id, partitions: topic.partitionsCount }
}

async function create(admin: Admin, spec: TopicSpec): Promise<void> {
  const { name, partitions = DEFAULT_PARTITIONS, replication = -1, settings = {} } = spec
  const configs = Object.entries(settings).map(([key, value]) => ({ name: key, value }))
  await admin.createTopics({ topics: [name], partitions, replicas: replication, configs }).catch((error: unknown) => {
    // Another process was faster.
    if (!hasBrokerError(error, 'TOPIC_ALREADY_EXISTS')) throw explained(error, spec)
  })
}

const VISIBLE_TRIES = 20
const VISIBLE_WAIT_MS = 100

/** The other brokers of a cluster learn of a new topic a moment later. */
async function untilVisible(
  find: () => Promise<Topic | undefined>,
  name: string,
  { clock = systemClock, signal = new AbortController().signal }: Options,
): Promise<Topic> {
  for (let tries = 0; tries < VISIBLE_TRIES && !signal.aborted; tries += 1) {
    const topic = await find()
    if (topic !== undefined) return topic
    await clock.sleep(VISIBLE_WAIT_MS, signal)
  }
  throw new Error(`topic ${name} was created, but the broker does not know it yet`)
}

/** The client replaces the broker's error by one of its own that keeps only a message. */
export function isUnknownTopic(error: unknown): boolean {
  return error instanceof UserError && error.message.startsWith('Unknown topic')
}

const ADVICE = 'change the setting, or create another topic and name it in KAFKA_TOPIC.'

/** @throws ServiceError `conflict` */
function assertMatches({ name, ...spec }: TopicSpec, partitions: number, replication: number): void {
  if (spec.partitions !== undefined && spec.partitions !== partitions) {
    const mismatch = `Topic ${name} has ${partitions} partitions, KAFKA_PARTITIONS says ${spec.partitions}: ${ADVICE}`
    const warning = 'Adding partitions to a topic in use would break the order of its symbols.'
    throw new ServiceError('conflict', `${mismatch} ${warning}`)
  }
  if (spec.replication !== undefined && spec.replication !== replication) {
    const mismatch = `Topic ${name} has ${replication} replicas, KAFKA_REPLICATION says ${spec.replication}: ${ADVICE}`
    throw new ServiceError('conflict', mismatch)
  }
}

/** Turns broker errors that last until a person acts into one that explains what to do. */
function explained(error: unknown, { name, replication }: TopicSpec): unknown {
  const conflict = (detail: string) => new ServiceError('conflict', detail, { cause: error })
  if (hasBrokerError(error, 'INVALID_REPLICATION_FACTOR')) {
    const wanted = replication === undefined ? 'the default number of replicas' : `${replication} replicas`
    return conflict(`There are too few brokers for ${wanted} of topic ${name}.`)
  }
  if (hasBrokerError(error, 'TOPIC_AUTHORIZATION_FAILED') || hasBrokerError(error, 'CLUSTER_AUTHORIZATION_FAILED')) {
    return conflict(
      `Kafka does not allow us to describe or create topic ${name}: grant that right, or create the topic.`,
    )
  }
  return error
}
