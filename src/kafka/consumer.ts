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
  /** Hears of what is wrong with Kafka. */
  readonly onError?: (error: unknown) => void
  /** Hears that we are a member of the group. */
  readonly onWorking?: () => void
  /** Hears of what is wrong with what a batch needs besides. */
  readonly onSettleError?: (error: unknown) => void
}

export type PriceConsumer = {
  /** Reads as a member of the group until the signal fires. Whatever fails around it is tried again for ever. */
  run(signal: AbortSignal): Promise<void>
  /** How far the partitions of this member are read, as of some seconds ago. */
  lag(): readonly PartitionLag[]
}

/** The group of all who compute averages from a topic. */
export function averagesGroup(topic: string): string {
  return `${topic}.averages`
}

const LONGEST_WAIT_MS = 5_000

/**
 * One member of the group that turns references into averages. The offset of a batch is saved behind its commit in the
 * database, so a batch may be read twice and is never skipped. While the database is away the batch in hand waits for it.
 */
export function createPriceConsumer(needs: Needs): PriceConsumer {
  let lag: readonly PartitionLag[] = []

  async function session(signal: AbortSignal): Promise<void> {
    const { id: topicId, ...topic } = await ensureTopic(needs.access, needs.topic, signal)
    await using member = await joinGroup(needs, await groupProtocol(needs.access, signal), signal)
    needs.onWorking?.()
    const { consumer, stream } = member
    const buffer = createRecordBuffer(stream)
    consumer.on('consumer:heartbeat:stalled', () => buffer.fail(new Error('the group no longer answers')))
    const over = new AbortController()
    const watched = watchForStalls(
      { consumer, stream, buffer, topic: { ...topic, id: topicId }, clock: needs.clock, onLag: (now) => (lag = now) },
      AbortSignal.any([signal, over.signal]),
    )
    try {
      const origin = { topicId, consumerGroup: needs.group }
      await readOn({ ...needs, buffer, commits: createCommits(consumer), origin }, signal)
    } finally {
      over.abort()
      await watched
      lag = []
    }
  }

  return { run: (signal) => repeatUntilAborted(needs, signal, () => session(signal)), lag: () => lag }
}

type Reader = Needs & { readonly buffer: RecordBuffer; readonly commits: Commits; readonly origin: Origin }

async function readOn(reader: Reader, signal: AbortSignal): Promise<void> {
  const { buffer, commits, origin, clock, onSettleError } = reader
  while (!signal.aborted) {
    const records = await buffer.next(signal)
    if (records.length === 0) return
    // However long the database is away.
    const patient = { clock, onError: onSettleError, longestWaitMs: LONGEST_WAIT_MS }
    const settled = await retryUntilDone(patient, signal, () => processBatch(reader, origin, records))
    if (settled !== undefined) await commits.commit(records)
  }
}
