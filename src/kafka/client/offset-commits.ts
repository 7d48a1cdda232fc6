import type { Consumer } from '@platformatic/kafka'
import { withDeadline } from '../../lib/deadline.ts'
import type { PriceRecord } from './record-buffer.ts'

export type Commits = {
  /** Saves how far this member has come. @throws after several refusals in a row */
  commit(records: readonly PriceRecord[]): Promise<void>
}

/** How far a partition is read; the offset is that of the next message. */
type Offset = Pick<PriceRecord, 'topic' | 'partition' | 'offset' | 'leaderEpoch'>

const COMMIT_MS = 10_000
/** During a rebalance commits are refused; the next commit includes what a refused one contained. */
const MAX_REFUSALS_IN_A_ROW = 5

/** Saves offsets for the group: only of partitions that are still assigned to this member, and never backwards. */
export function createCommits(consumer: Consumer): Commits {
  const committed = new Map<number, bigint>()
  const pending = new Map<number, Offset>()
  let refusals = 0

  function add(records: readonly PriceRecord[]): void {
    for (const { topic, partition, offset, leaderEpoch } of records) {
      pending.set(partition, { topic, partition, offset: offset + 1n, leaderEpoch })
    }
    for (const { topic, partition, offset } of pending.values()) {
      const isNew = offset > (committed.get(partition) ?? -1n)
      if (!isNew || !isAssigned(consumer, topic, partition)) pending.delete(partition)
    }
  }

  async function commitPending(): Promise<void> {
    const offsets = [...pending.values()]
    if (offsets.length === 0) return
    await withDeadline(consumer.commit({ offsets }), { ms: COMMIT_MS, what: 'saving offsets' })
    for (const { partition, offset } of offsets) committed.set(partition, offset)
    pending.clear()
  }

  return {
    commit: async (records) => {
      try {
        add(records)
        await commitPending()
        refusals = 0
      } catch (error) {
        refusals += 1
        if (refusals === MAX_REFUSALS_IN_A_ROW) throw error
      }
    },
  }
}

function isAssigned(consumer: Consumer, topic: string, partition: number): boolean {
  return consumer.assignments?.some((one) => one.topic === topic && one.partitions.includes(partition)) ?? false
}
