import { keepGoing, untilDone } from '../lib/retry.ts'
import type { Clock } from '../lib/clock.ts'
import type { KafkaAccess } from './client/options.ts'
import { createCommits, type Commits } from './client/offset-commits.ts'
import { groupProtocol } from './client/group-protocol.ts'
import { createInbox, type Inbox } from './client/record-buffer.ts'
import { joinGroup } from './client/group-member.ts'
import { settle, type Origin, type SettleNeeds } from './process-batch.ts'
import { watchForStalls, type PartitionLag } from './client/stall-watchdog.ts'
import { ensureTopic, type TopicWish } from './client/topics.ts'

type Needs = SettleNeeds & {
  readonly access: KafkaAccess
  readonly topic: TopicWish
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
 * One member of the group that turns announcements into averages. The offset of a batch is saved behind its commit in the
 * database, so a batch may be read twice and is never skipped. While the database is away the batch in hand waits for it.
 */
export function createPriceConsumer(needs: Needs): PriceConsumer {
  let lag: readonly PartitionLag[] = []

  async function session(signal: AbortSignal): Promise<void> {
    const { id: topicId, ...topic } = await ensureTopic(needs.access, needs.topic, signal)
    await using member = await joinGroup(needs, await groupProtocol(needs.access, signal), signal)
    needs.onWorking?.()
    const { consumer, stream } = member
    const inbox = createInbox(stream)
    consumer.on('consumer:heartbeat:stalled', () => inbox.fail(new Error('the group no longer answers')))
    const over = new AbortController()
    const watched = watchForStalls(
      { consumer, stream, inbox, topic: { ...topic, id: topicId }, clock: needs.clock, onLag: (now) => (lag = now) },
      AbortSignal.any([signal, over.signal]),
    )
    try {
      const origin = { topicId, consumerGroup: needs.group }
      await readOn({ ...needs, inbox, commits: createCommits(consumer), origin }, signal)
    } finally {
      over.abort()
      await watched
      lag = []
    }
  }

  return { run: (signal) => keepGoing(needs, signal, () => session(signal)), lag: () => lag }
}

type Reader = Needs & { readonly inbox: Inbox; readonly commits: Commits; readonly origin: Origin }

async function readOn(reader: Reader, signal: AbortSignal): Promise<void> {
  const { inbox, commits, origin, clock, onSettleError } = reader
  while (!signal.aborted) {
    const records = await inbox.next(signal)
    if (records.length === 0) return
    // However long the database is away.
    const patient = { clock, onError: onSettleError, longestWaitMs: LONGEST_WAIT_MS }
    const settled = await untilDone(patient, signal, () => settle(reader, origin, records))
    if (settled !== undefined) await commits.commit(records)
  }
}
