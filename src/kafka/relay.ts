import type { RetryOptions } from '../lib/retry.ts'
import type { ReadLog } from '../core/log/entry.ts'
import { createMemoryCheckpoint, followLog, followLogOnce } from '../core/log/follow.ts'
import { comparePositions, LOG_START, type LogPosition } from '../core/log/position.ts'
import { toMessage } from './message.ts'
import type { Publisher } from './client/publisher.ts'

type Needs = Pick<RetryOptions, 'clock' | 'onError'> & {
  readonly readLog: ReadLog
  readonly loadCheckpoint: () => Promise<LogPosition | undefined>
  /** Throws, and so keeps the checkpoint, if another relay holds the lease by now. */
  readonly saveCheckpoint: (position: LogPosition) => Promise<void>
  /** Resolves when there may be new prices, at the latest after `ms`. */
  readonly waitForPrices: (ms: number, signal: AbortSignal) => Promise<void>
  readonly publisher: Pick<Publisher, 'publish'>
}

export type Relay = {
  /** Publishes each new entry of the log until the signal fires. Failures are retried forever. */
  run(signal: AbortSignal): Promise<void>
}

const BATCH = 5_000
/** Other processes also write, and an entry may become stable later: neither notifies this process. */
const POLL_MS = 100

/**
 * Publishes each price of the log on Kafka, from the checkpoint on. The checkpoint is saved after Kafka has acknowledged, so
 * after a crash some prices are published twice, and none is missed.
 */
export function createRelay(needs: Needs): Relay {
  const { readLog, loadCheckpoint, saveCheckpoint, waitForPrices, publisher, clock, onError } = needs
  const follower = {
    readLog,
    batchSize: BATCH,
    handle: publishTo(publisher),
    loadCheckpoint: async () => (await loadCheckpoint()) ?? LOG_START,
    saveCheckpoint,
    waitForMore: (signal: AbortSignal) => waitForPrices(POLL_MS, signal),
    clock,
    onError,
  }
  return { run: (signal) => followLog(follower, signal) }
}

type RepublishNeeds = { readonly readLog: ReadLog; readonly publisher: Pick<Publisher, 'publish'> }

/**
 * Publishes again what the log holds between two positions, to refill a topic that was wiped. Later entries are left to the
 * relay.
 * @returns how many prices
 * @throws the signal's reason when it fires
 */
export async function republish(
  { readLog, publisher }: RepublishNeeds,
  { after, end }: { readonly after: LogPosition; readonly end: LogPosition },
  signal: AbortSignal,
): Promise<number> {
  const publish = publishTo(publisher)
  const finished = new AbortController()
  let count = 0
  await followLogOnce(
    {
      ...createMemoryCheckpoint(after),
      readLog: async (position, limit) => {
        const entries = await readLog(position, limit)
        return entries.filter((entry) => comparePositions(entry.position, end) <= 0)
      },
      batchSize: BATCH,
      handle: async (entries) => {
        await publish(entries, signal)
        count += entries.length
      },
      waitForMore: async () => finished.abort(),
    },
    AbortSignal.any([signal, finished.signal]),
  )
  signal.throwIfAborted()
  return count
}

function publishTo(publisher: Pick<Publisher, 'publish'>) {
  return (entries: Awaited<ReturnType<ReadLog>>, signal: AbortSignal) =>
    publisher.publish(entries.map(toMessage), signal)
}
