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

/** Kafka is queried at most this often, however many requests for its status arrive, and also while it is unavailable. */
const FRESH_MS = 5_000
/** A request for the status waits no longer than this for a Kafka that is unavailable. */
const QUERY_MS = 1_500

/** Reads from Kafka itself what the topic holds and how far its group has come: this also works without a member. */
export function createReadKafkaStatus({ access, topic, group, clock }: Needs): ReadKafkaStatus {
  const names = { topic: topic.name, group }
  let awaySince: Instant | null = null
  let latest: Promise<KafkaStatus> | undefined
  let staleAt = 0

  async function query(): Promise<KafkaStatus> {
    const admin = new Admin({ ...access, retries: 0 })
    try {
      const seen = await withDeadline(readSeen(admin, names), { ms: QUERY_MS, what: 'Kafka' })
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
    if (latest === undefined || clock.monotonic() >= staleAt) {
      latest = query()
      staleAt = clock.monotonic() + FRESH_MS
    }
    return latest
  }
}

type Names = Pick<KafkaStatus, 'topic' | 'group'>

async function readSeen(admin: Admin, { topic, group }: Names): Promise<NonNullable<KafkaStatus['seen']>> {
  const groupState = stateOf(admin, group)
  const partitions = await partitionsOf(admin, topic)
  // Before the ends, so that no committed offset is beyond the end that is read.
  const committed = await committedOffsets(admin, { topic, group })
  const [begins, ends] = await Promise.all([
    offsetsOf(admin, { topic, partitions, timestamp: EARLIEST }),
    offsetsOf(admin, { topic, partitions, timestamp: LATEST }),
  ])
  return {
    groupState: await groupState,
    partitions: partitions.map((partition) => {
      const [begin, end] = [begins.get(partition) ?? 0n, ends.get(partition) ?? 0n]
      return toStatus(partition, { begin, end, committed: committed.get(partition) })
    }),
  }
}

type Offsets = { readonly begin: bigint; readonly end: bigint; readonly committed: bigint | undefined }

/** Without a committed offset, or with one that the topic no longer has, the group reads from the beginning. */
function toStatus(partition: number, { begin, end, committed = begin }: Offsets): PartitionStatus {
  const from = committed < begin || committed > end ? begin : committed
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

async function committedOffsets(admin: Admin, { topic, group }: Names): Promise<ReadonlyMap<number, bigint>> {
  const groups = await admin.listConsumerGroupOffsets({ groups: [group] })
  const ofTopic = groups.flatMap(({ topics }) => topics).find(({ name }) => name === topic)
  const offsets = ofTopic?.partitions.map((one) => [one.partitionIndex, one.committedOffset] as const) ?? []
  return new Map(offsets.filter(([, offset]) => offset >= 0n))
}

const LATEST = -1n
const EARLIEST = -2n

type OffsetQuery = { readonly topic: string; readonly partitions: readonly number[]; readonly timestamp: bigint }

async function offsetsOf(
  admin: Admin,
  { topic, partitions, timestamp }: OffsetQuery,
): Promise<ReadonlyMap<number, bigint>> {
  if (partitions.length === 0) return new Map()
  const wanted = partitions.map((partitionIndex) => ({ partitionIndex, timestamp }))
  const [answer] = await admin.listOffsets({ topics: [{ name: topic, partitions: wanted }] })
  return new Map(answer?.partitions.map(({ partitionIndex, offset }) => [partitionIndex, offset]))
}

/** From the list, because the client describes every group of the new protocol as dead. Null if the broker refuses. */
async function stateOf(admin: Admin, group: string): Promise<string | null> {
  const groups = await admin.listGroups({ types: ['classic', 'consumer'] }).catch(() => undefined)
  return groups?.get(group)?.state ?? null
}
