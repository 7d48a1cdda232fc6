import { Admin } from '@platformatic/kafka'
import type { Clock } from '../lib/clock.ts'
import { instantFromMillis, type Instant } from '../lib/instant.ts'
import type { KafkaStatus, PartitionStatus, ReadKafkaStatus } from '../core/health/status.ts'
import type { KafkaAccess } from './client/options.ts'
import { withDeadline } from '../lib/deadline.ts'
import { isUnknownTopic, type TopicSpec } from './client/topics.ts'

type Needs = {
  readonly access: KafkaAccess
  readonly topic: Pick<TopicSpec, 'name'>
  readonly group: string
  readonly clock: Clock
}

/** However many ask us how we are, Kafka is asked this often, also while it is away. */
const FRESH_MS = 5_000
/** Nobody who asks how we are waits longer for a Kafka that is away. */
const ASK_MS = 1_500

/** Asks Kafka itself what the topic holds and how far its group is: that is true also of a group without a member. */
export function createReadKafkaStatus({ access, topic, group, clock }: Needs): ReadKafkaStatus {
  const names = { topic: topic.name, group }
  let awaySince: Instant | null = null
  let facts: Promise<KafkaStatus> | undefined
  let staleAt = 0

  async function ask(): Promise<KafkaStatus> {
    const admin = new Admin({ ...access, retries: 0 })
    try {
      const seen = await withDeadline(look(admin, names), { ms: ASK_MS, what: 'Kafka' })
      awaySince = null
      return { ...names, awaySince, seen }
    } catch {
      awaySince ??= instantFromMillis(clock.now())
      return { ...names, awaySince, seen: null }
    } finally {
      void admin.close().catch(() => {})
    }
  }

  return () => {
    if (facts === undefined || clock.now() >= staleAt) {
      facts = ask()
      staleAt = clock.now() + FRESH_MS
    }
    return facts
  }
}

type Names = Pick<KafkaStatus, 'topic' | 'group'>

async function look(admin: Admin, { topic, group }: Names): Promise<NonNullable<KafkaStatus['seen']>> {
  const groupState = stateOf(admin, group)
  const partitions = await partitionsOf(admin, topic)
  // What is settled before the ends, so that nobody is behind a message that came in between.
  const settled = await settledBy(admin, { topic, group })
  const [begins, ends] = await Promise.all([
    offsetsOf(admin, { topic, partitions, timestamp: EARLIEST }),
    offsetsOf(admin, { topic, partitions, timestamp: LATEST }),
  ])
  return {
    groupState: await groupState,
    partitions: partitions.map((partition) => {
      const [begin, end] = [begins.get(partition) ?? 0n, ends.get(partition) ?? 0n]
      return toStatus(partition, { begin, end, settled: settled.get(partition) })
    }),
  }
}

type Offsets = { readonly begin: bigint; readonly end: bigint; readonly settled: bigint | undefined }

/** Where there is no offset, or one that the topic no longer has, the group reads from the beginning. */
function toStatus(partition: number, { begin, end, settled = begin }: Offsets): PartitionStatus {
  const from = settled < begin || settled > end ? begin : settled
  return { partition, messages: Number(end - begin), lag: Number(end - from) }
}

async function partitionsOf(admin: Admin, topic: string): Promise<number[]> {
  try {
    const { topics } = await admin.metadata({ topics: [topic], forceUpdate: true })
    return Array.from({ length: topics.get(topic)?.partitionsCount ?? 0 }, (_, partition) => partition)
  } catch (error) {
    if (isUnknownTopic(error)) return []
    throw error
  }
}

async function settledBy(admin: Admin, { topic, group }: Names): Promise<ReadonlyMap<number, bigint>> {
  const groups = await admin.listConsumerGroupOffsets({ groups: [group] })
  const ofTopic = groups.flatMap(({ topics }) => topics).find(({ name }) => name === topic)
  const offsets = ofTopic?.partitions.map((one) => [one.partitionIndex, one.committedOffset] as const) ?? []
  return new Map(offsets.filter(([, offset]) => offset >= 0n))
}

const LATEST = -1n
const EARLIEST = -2n

type Asked = { readonly topic: string; readonly partitions: readonly number[]; readonly timestamp: bigint }

async function offsetsOf(admin: Admin, { topic, partitions, timestamp }: Asked): Promise<ReadonlyMap<number, bigint>> {
  if (partitions.length === 0) return new Map()
  const wanted = partitions.map((partitionIndex) => ({ partitionIndex, timestamp }))
  const [answer] = await admin.listOffsets({ topics: [{ name: topic, partitions: wanted }] })
  return new Map(answer?.partitions.map(({ partitionIndex, offset }) => [partitionIndex, offset]))
}

/** Listed, since the client describes every group of the new protocol as dead. It is null where the broker keeps it from us. */
async function stateOf(admin: Admin, group: string): Promise<string | null> {
  const groups = await admin.listGroups({ types: ['classic', 'consumer'] }).catch(() => undefined)
  return groups?.get(group)?.state ?? null
}
