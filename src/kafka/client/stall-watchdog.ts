import type { Consumer } from '@platformatic/kafka'
import type { Clock } from '../../lib/clock.ts'
import { withDeadline } from '../../lib/deadline.ts'
import type { RecordBuffer, PriceStream } from './record-buffer.ts'
import type { Topic } from './topics.ts'

/** How far one partition is read, and how long it is. */
export type PartitionLag = { readonly partition: number; readonly position: bigint; readonly end: bigint }

type Needs = {
  readonly consumer: Consumer
  readonly stream: PriceStream
  readonly buffer: RecordBuffer
  readonly topic: Topic
  readonly clock: Clock
  readonly onLag: (lag: readonly PartitionLag[]) => void
}

const LOOK_EVERY_MS = 3_000
const ASK_MS = 5_000
/** So many looks in a row without a step. */
const PATIENCE = 5

/**
 * Looks whether the partitions move while there is more in them, and ends the stream where one does not: a member can hang
 * with a live heartbeat, without an error and without an event. A topic that was deleted and made again ends it as well,
 * since the client would read on at its old offset; and one with more partitions, which a classic group does not notice.
 */
export async function watchForStalls(needs: Needs, signal: AbortSignal): Promise<void> {
  const { buffer, clock, onLag } = needs
  const stuck = new Map<number, { readonly position: bigint; readonly looks: number }>()
  while (!signal.aborted) {
    await clock.sleep(LOOK_EVERY_MS, signal)
    const lag = await look(needs, signal).catch(() => [])
    onLag(lag)
    // With messages at hand it is we who are slow.
    const waiting = buffer.isEmpty() ? lag.filter(({ position, end }) => end > position) : []
    for (const { partition, position } of waiting) {
      const before = stuck.get(partition)
      stuck.set(partition, { position, looks: before?.position === position ? before.looks + 1 : 0 })
    }
    for (const partition of stuck.keys()) {
      if (!waiting.some((one) => one.partition === partition)) stuck.delete(partition)
    }
    const hanging = [...stuck].find(([, { looks }]) => looks >= PATIENCE)
    if (hanging !== undefined) buffer.fail(new Error(`partition ${hanging[0]} has messages and none come`))
  }
}

async function look(needs: Needs, signal: AbortSignal): Promise<PartitionLag[]> {
  const { consumer, stream, buffer, topic } = needs
  const { name } = topic
  const { topics } = await withDeadline(consumer.metadata({ topics: [name] }), { ms: ASK_MS, what: 'Kafka', signal })
  const now = topics.get(name)
  if (now?.id !== topic.id) buffer.fail(new Error(`topic ${name} was made anew`))
  else if (now.partitionsCount !== topic.partitions) buffer.fail(new Error(`topic ${name} has more partitions`))
  const ours = consumer.assignments?.find((one) => one.topic === name)?.partitions ?? []
  if (ours.length === 0 || signal.aborted) return []
  const asked = consumer.listOffsets({ topics: [name], partitions: { [name]: ours } })
  const ends = await withDeadline(asked, { ms: ASK_MS, what: 'the ends of the partitions', signal })
  return ours.map((partition) => ({
    partition,
    position: stream.offsetsToFetch.get(`${name}:${partition}`) ?? 0n,
    end: ends.get(name)?.[partition] ?? 0n,
  }))
}
