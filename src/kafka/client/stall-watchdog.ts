import type { Consumer } from '@platformatic/kafka'
import type { Clock } from '../../lib/clock.ts'
import { withDeadline } from '../../lib/deadline.ts'
import type { RecordBuffer, PriceStream } from './record-buffer.ts'
import type { Topic } from './topics.ts'

/** How far one partition is read, and where it ends. */
export type PartitionLag = { readonly partition: number; readonly position: bigint; readonly end: bigint }

type Needs = {
  readonly consumer: Consumer
  readonly stream: PriceStream
  readonly buffer: RecordBuffer
  readonly topic: Topic
  readonly clock: Clock
  readonly onLag: (lag: readonly PartitionLag[]) => void
}

const CHECK_EVERY_MS = 3_000
const REQUEST_MS = 5_000
/** Checks in a row without progress. */
const MAX_STALLED_CHECKS = 5

/**
 * Ends the stream if a partition with unread messages makes no progress: a member can hang with a live heartbeat, without
 * an error and without an event. It also ends the stream if the topic was deleted and created again, because the client
 * would continue at its old offset; and if the topic has more partitions, which a classic group does not notice.
 */
export async function watchForStalls(needs: Needs, signal: AbortSignal): Promise<void> {
  const { buffer, clock, onLag } = needs
  const stalled = new Map<number, { readonly position: bigint; readonly checks: number }>()
  while (!signal.aborted) {
    await clock.sleep(CHECK_EVERY_MS, signal)
    const lag = await readLag(needs, signal).catch(() => [])
    onLag(lag)
    // If messages are buffered, the slow part is this process.
    const waiting = buffer.isEmpty() ? lag.filter(({ position, end }) => end > position) : []
    for (const { partition, position } of waiting) {
      const before = stalled.get(partition)
      stalled.set(partition, { position, checks: before?.position === position ? before.checks + 1 : 0 })
    }
    for (const partition of stalled.keys()) {
      if (!waiting.some((one) => one.partition === partition)) stalled.delete(partition)
    }
    const hanging = [...stalled].find(([, { checks }]) => checks >= MAX_STALLED_CHECKS)
    if (hanging !== undefined) buffer.fail(new Error(`partition ${hanging[0]} has messages, but none arrive`))
  }
}

async function readLag(needs: Needs, signal: AbortSignal): Promise<PartitionLag[]> {
  const { consumer, stream, buffer, topic } = needs
  const { name } = topic
  const { topics } = await withDeadline(consumer.metadata({ topics: [name] }), {
    ms: REQUEST_MS,
    what: 'Kafka',
    signal,
  })
  const now = topics.get(name)
  if (now?.id !== topic.id) buffer.fail(new Error(`topic ${name} was deleted and created again`))
  else if (now.partitionsCount !== topic.partitions) buffer.fail(new Error(`topic ${name} has more partitions`))
  const ours = consumer.assignments?.find((one) => one.topic === name)?.partitions ?? []
  if (ours.length === 0 || signal.aborted) return []
  const offsets = consumer.listOffsets({ topics: [name], partitions: { [name]: ours } })
  const ends = await withDeadline(offsets, { ms: REQUEST_MS, what: 'the ends of the partitions', signal })
  return ours.map((partition) => ({
    partition,
    position: stream.offsetsToFetch.get(`${name}:${partition}`) ?? 0n,
    end: ends.get(name)?.[partition] ?? 0n,
  }))
}
