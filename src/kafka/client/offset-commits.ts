import type { Consumer } from '@platformatic/kafka'
import { withDeadline } from '../../lib/deadline.ts'
import type { PriceRecord } from './record-buffer.ts'

export type Commits = {
  /** Tells the group how far this member has come. @throws when it could not for some time */
  commit(records: readonly PriceRecord[]): Promise<void>
}

/** What is read of a partition; the offset is that of the next message. */
type Offset = Pick<PriceRecord, 'topic' | 'partition' | 'offset' | 'leaderEpoch'>

const COMMIT_MS = 10_000
/** While the group changes hands commits are refused; the next one says all that the refused one did. */
const REFUSALS_IN_A_ROW = 5

/** Saves offsets for the group: of partitions that are still ours, and never back. */
export function createCommits(consumer: Consumer): Commits {
  const committed = new Map<number, bigint>()
  const untold = new Map<number, Offset>()
  let refusals = 0

  function note(records: readonly PriceRecord[]): void {
    for (const { topic, partition, offset, leaderEpoch } of records) {
      untold.set(partition, { topic, partition, offset: offset + 1n, leaderEpoch })
    }
    for (const { topic, partition, offset } of untold.values()) {
      const isNews = offset > (committed.get(partition) ?? -1n)
      if (!isNews || !isOurs(consumer, topic, partition)) untold.delete(partition)
    }
  }

  async function tell(): Promise<void> {
    const offsets = [...untold.values()]
    if (offsets.length === 0) return
    await withDeadline(consumer.commit({ offsets }), { ms: COMMIT_MS, what: 'saving offsets' })
    for (const { partition, offset } of offsets) committed.set(partition, offset)
    untold.clear()
  }

  return {
    commit: async (records) => {
      try {
        note(records)
        await tell()
        refusals = 0
      } catch (error) {
        refusals += 1
        if (refusals === REFUSALS_IN_A_ROW) throw error
      }
    },
  }
}

function isOurs(consumer: Consumer, topic: string, partition: number): boolean {
  return consumer.assignments?.some((one) => one.topic === topic && one.partitions.includes(partition)) ?? false
}
