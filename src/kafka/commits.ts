import type { Consumer } from '@platformatic/kafka'
import { withDeadline } from './deadline.ts'
import type { PriceRecord } from './inbox.ts'

export type Commits = {
  /** Tells the group how far this member has come. @throws when it could not for some time */
  commit(records: readonly PriceRecord[]): Promise<void>
}

const COMMIT_MS = 10_000
/** While the group changes hands commits are refused; the next one says all that the refused one did. */
const REFUSALS_IN_A_ROW = 5

/** Saves offsets for the group: of partitions that are still ours, and never back. */
export function createCommits(consumer: Consumer): Commits {
  const committed = new Map<number, bigint>()
  let refusals = 0

  async function tell(records: readonly PriceRecord[]): Promise<void> {
    const offsets = newest(records).filter(
      ({ topic, partition, offset }) =>
        isOurs(consumer, topic, partition) && offset > (committed.get(partition) ?? -1n),
    )
    if (offsets.length === 0) return
    await withDeadline(consumer.commit({ offsets }), { ms: COMMIT_MS, what: 'saving offsets' })
    for (const { partition, offset } of offsets) committed.set(partition, offset)
  }

  return {
    commit: async (records) => {
      try {
        await tell(records)
        refusals = 0
      } catch (error) {
        refusals += 1
        if (refusals === REFUSALS_IN_A_ROW) throw error
      }
    },
  }
}

/** The offset behind the last record of each partition. */
function newest(records: readonly PriceRecord[]) {
  const last = new Map<number, PriceRecord>()
  for (const record of records) last.set(record.partition, record)
  return [...last.values()].map(({ topic, partition, offset, leaderEpoch }) => {
    return { topic, partition, offset: offset + 1n, leaderEpoch }
  })
}

function isOurs(consumer: Consumer, topic: string, partition: number): boolean {
  return consumer.assignments?.some((one) => one.topic === topic && one.partitions.includes(partition)) ?? false
}
