import { repeatUntilAborted } from '../lib/retry.ts'
import type { Clock } from '../lib/clock.ts'
import type { LogEntry, ReadLog } from '../core/log/entry.ts'
import { comparePositions, LOG_START, type LogPosition } from '../core/log/position.ts'
import { toMessage } from './message.ts'
import type { Publisher } from './client/publisher.ts'

type Needs = {
  readonly readLog: ReadLog
  readonly loadCheckpoint: () => Promise<LogPosition | undefined>
  /** Refuses, and so keeps the place, where another relay leads by now. */
  readonly saveCheckpoint: (position: LogPosition) => Promise<void>
  /** Resolves when there may be new prices, at the latest after so many milliseconds. */
  readonly waitForPrices: (ms: number, signal: AbortSignal) => Promise<void>
  readonly publisher: Pick<Publisher, 'publish'>
  readonly clock: Clock
  readonly onError?: (error: unknown) => void
}

export type Relay = {
  /** Announces what is in the log until the signal fires. Whatever fails is tried again for ever. */
  run(signal: AbortSignal): Promise<void>
  /** Everything up to here is announced. */
  announcedUpTo(): LogPosition
}

const BATCH = 5_000
/** Other processes write too, and what is written may settle later: nobody rings for either. */
const LOOK_AGAIN_MS = 100

/**
 * Announces each price of the log on Kafka, from the saved place on. The place is saved behind the reference, so after
 * a crash some are announced twice, and none never.
 */
export function createRelay(needs: Needs): Relay {
  const { readLog, loadCheckpoint, saveCheckpoint, waitForPrices, publisher } = needs
  let position: LogPosition | undefined
  let ahead: readonly LogEntry[] | undefined

  async function step(signal: AbortSignal): Promise<void> {
    position ??= (await loadCheckpoint()) ?? LOG_START
    const entries = ahead ?? (await readLog(position, BATCH))
    ahead = undefined
    const last = entries.at(-1)
    if (last === undefined) return waitForPrices(LOOK_AGAIN_MS, signal)
    // Read while the broker works; a failure here is told by the next step, which reads again.
    const next = entries.length < BATCH ? undefined : readLog(last.position, BATCH).catch(() => undefined)
    await publisher.publish(entries.map(toMessage), signal)
    await saveCheckpoint(last.position)
    position = last.position
    ahead = await next
  }

  async function safeStep(signal: AbortSignal): Promise<void> {
    try {
      await step(signal)
    } catch (error) {
      // Another relay may have gone on from the place meanwhile.
      position = undefined
      ahead = undefined
      throw error
    }
  }

  return {
    run: (signal) => repeatUntilAborted(needs, signal, () => safeStep(signal)),
    announcedUpTo: () => position ?? LOG_START,
  }
}

type RepublishNeeds = { readonly readLog: ReadLog; readonly publisher: Pick<Publisher, 'publish'> }

/**
 * Announces again what the log holds between two places: refills a topic that was wiped. What comes later is the relay's.
 * @returns how many prices
 */
export async function republish(
  { readLog, publisher }: RepublishNeeds,
  { after, end }: { readonly after: LogPosition; readonly end: LogPosition },
  signal: AbortSignal,
): Promise<number> {
  let [position, count] = [after, 0]
  for (;;) {
    const read = await readLog(position, BATCH)
    const entries = read.filter((entry) => comparePositions(entry.position, end) <= 0)
    const last = entries.at(-1)
    if (last === undefined) return count
    await publisher.publish(entries.map(toMessage), signal)
    position = last.position
    count += entries.length
  }
}
