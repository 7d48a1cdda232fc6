import { setImmediate } from 'node:timers/promises'
import { isLockTimeout, isOutage } from '../connection/errors.ts'
import type { Decided } from '../../core/ingest/revision.ts'
import type { Entry } from './store-new.ts'

/**
 * Stores entries in one transaction: all of them or none.
 * @param waitMs after which it gives up a series that another session keeps locked; 0 waits as long as the pool allows
 */
type StoreTogether = (entries: readonly Entry[], waitMs: number) => Promise<readonly (readonly Decided[])[]>

type Waiting = {
  readonly entry: Entry
  readonly resolve: (decided: readonly Decided[]) => void
  readonly reject: (error: unknown) => void
}

/** The most that shares a transaction. */
const MAX_ENTRIES = 64
const MAX_PRICES = 1_000
/** Far above what a transaction of ours takes, and far below the time after which the statement of a caller fails. */
const WAIT_MS = 500

/**
 * Stores small replies, of which most of the cost is that of a transaction: those that arrive while a transaction runs share
 * the next one. Each promise resolves once its own reply is durable. If the transaction fails, each reply is stored alone,
 * so that none fails or waits for another's sake; unless the database is gone, for then nobody knows what was stored.
 */
export function createGroupCommit(store: StoreTogether): (entry: Entry) => Promise<readonly Decided[]> {
  let waiting: Waiting[] = []
  let isRunning = false

  async function run(): Promise<void> {
    isRunning = true
    while (waiting.length > 0) {
      const group = groupOf(waiting)
      const members = new Set(group)
      waiting = waiting.filter((one) => !members.has(one))
      await storeGroup(store, group)
      // A caller who just got an answer may store its next reply: it joins the next group instead of waiting for it.
      await setImmediate()
    }
    isRunning = false
  }

  return (entry) =>
    new Promise((resolve, reject) => {
      waiting.push({ entry, resolve, reject })
      if (!isRunning) void run()
    })
}

/** Two replies of one series are decided one after the other, in the order of their arrival. */
function groupOf(waiting: readonly Waiting[]): readonly Waiting[] {
  const group: Waiting[] = []
  const taken = new Set<string>()
  let prices = 0
  for (const one of waiting) {
    const { items } = one.entry
    const isFree = !items.some(({ seriesId }) => taken.has(seriesId))
    for (const { seriesId } of items) taken.add(seriesId)
    if (!isFree) continue
    prices += items.length
    if (group.length === MAX_ENTRIES || prices > MAX_PRICES) break
    group.push(one)
  }
  return group
}

async function storeGroup(store: StoreTogether, group: readonly Waiting[]): Promise<void> {
  try {
    const stored = await store(
      group.map(({ entry }) => entry),
      WAIT_MS,
    )
    for (const [at, { resolve }] of group.entries()) resolve(stored[at] ?? [])
  } catch (error) {
    const canBeDivided = group.length > 1 && !isOutage(error)
    // The next group does not wait for them: one of them may wait for a lock.
    if (canBeDivided || isLockTimeout(error)) for (const one of group) void storeAlone(store, one)
    else for (const { reject } of group) reject(error)
  }
}

async function storeAlone(store: StoreTogether, { entry, resolve, reject }: Waiting): Promise<void> {
  await store([entry], 0).then(([decided]) => resolve(decided ?? []), reject)
}
