import { repeatUntilAborted, retryUntilDone } from '../lib/retry.ts'
import type { Clock } from '../lib/clock.ts'
import type { KafkaAccess } from './client/options.ts'
import { createCommits, type Commits } from './client/offset-commits.ts'
import { groupProtocol } from './client/group-protocol.ts'
import { createRecordBuffer, type RecordBuffer } from './client/record-buffer.ts'
import { joinGroup } from './client/group-member.ts'
import { processBatch, type Origin, type ProcessNeeds } from './process-batch.ts'
import { watchForStalls, type PartitionLag } from './client/stall-watchdog.ts'
import { ensureTopic, type TopicSpec } from './client/topics.ts'

type Needs = ProcessNeeds & {
  readonly access: KafkaAccess
  readonly topic: TopicSpec
  readonly group: string
  readonly clock: Clock
  /** Called after each failure of Kafka. */
  readonly onError?: (error: unknown) => void
  /** Called when this process has joined the group. */
  readonly onWorking?: () => void
  /** Called after each failure of anything else that a batch needs, such as the database. */
  readonly onProcessError?: (error: unknown) => void
}

export type PriceConsumer = {
  /** Reads as a member of the group until the signal fires. Failures are retried forever. */
  run(signal: AbortSignal): Promise<void>
  /** How far this member has read its partitions, as of some seconds ago. */
  lag(): readonly PartitionLag[]
}

/** The consumer group that computes averages from a topic. */
export function averagesGroup(topic: string): string {
  return `${topic}.averages`
}

const LONGEST_WAIT_MS = 5_000

/**
 * One member of the group that computes averages. The offset of a batch is saved after its transaction in the database, so
 * a batch may be read twice and is never skipped. While the database is unavailable, the current batch waits for it.
 */
export function createPriceConsumer(needs: Needs): PriceConsumer {
  let lag: readonly PartitionLag[] = []

  async function session(signal: AbortSignal): Promise<void> {
    const topic = await ensureTopic(needs.access, needs.topic, { signal, clock: needs.clock })
    await using member = await joinGroup(needs, await groupProtocol(needs.access, signal), signal)
    needs.onWorking?.()
    const { consumer, stream } = member
    const buffer = createRecordBuffer(stream)
    consumer.on('consumer:heartbeat:stalled', () =>
      buffer.fail(new Error('the group no longer responds to heartbeats')),
    )
    const over = new AbortController()
    const watched = watchForStalls(
      { consumer, stream, buffer, topic, clock: needs.clock, onLag: (now) => (lag = now) },
      AbortSignal.any([signal, over.signal]),
    )
    try {
      const origin = { topicId: topic.id, consumerGroup: needs.group }
      await processAll({ needs, buffer, commits: createCommits(consumer), origin }, signal)
    } finally {
      over.abort()
      await watched
      lag = []
    }
  }

  return { run: (signal) => repeatUntilAborted(needs, signal, () => session(signal)), lag: () => lag }
}

type Session = {
  readonly needs: Needs
  readonly buffer: RecordBuffer
  readonly commits: Commits
  readonly origin: Origin
}

async function processAll({ needs, buffer, commits, origin }: Session, signal: AbortSignal): Promise<void> {
  const retry = { clock: needs.clock, onError: needs.onProcessError, longestWaitMs: LONGEST_WAIT_MS }
  while (!signal.aborted) {
    const records = await buffer.next(signal)
    if (records.length === 0) return
    // However long the database is unavailable.
    const isProcessed = await retryUntilDone(retry, signal, async () => {
      await processBatch(needs, origin, records)
      return true
    })
    if (isProcessed) await commits.commit(records)
  }
}
