import { keepGoing } from '../lib/retry.ts'
import type { Clock } from '../lib/clock.ts'
import { comparePlaces, LOG_START, type LogEntry, type LogPlace, type ReadLog } from '../core/log/log.ts'
import { toMessage } from './message.ts'
import type { Publisher } from './client/publisher.ts'

type Needs = {
  readonly readLog: ReadLog
  readonly loadPlace: () => Promise<LogPlace | undefined>
  /** Refuses, and so keeps the place, where another relay leads by now. */
  readonly savePlace: (place: LogPlace) => Promise<void>
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
  announcedUpTo(): LogPlace
}

const BATCH = 5_000
/** Other processes write too, and what is written may settle later: nobody rings for either. */
const LOOK_AGAIN_MS = 100

/**
 * Announces each price of the log on Kafka, from the saved place on. The place is saved behind the announcement, so after
 * a crash some are announced twice, and none never.
 */
export function createRelay(needs: Needs): Relay {
  const { readLog, loadPlace, savePlace, waitForPrices, publisher } = needs
  let place: LogPlace | undefined
  let ahead: readonly LogEntry[] | undefined

  async function step(signal: AbortSignal): Promise<void> {
    place ??= (await loadPlace()) ?? LOG_START
    const entries = ahead ?? (await readLog(place, BATCH))
    ahead = undefined
    const last = entries.at(-1)
    if (last === undefined) return waitForPrices(LOOK_AGAIN_MS, signal)
    // Read while the broker works; a failure here is told by the next step, which reads again.
    const next = entries.length < BATCH ? undefined : readLog(last.place, BATCH).catch(() => undefined)
    await publisher.publish(entries.map(toMessage), signal)
    await savePlace(last.place)
    place = last.place
    ahead = await next
  }

  async function safeStep(signal: AbortSignal): Promise<void> {
    try {
      await step(signal)
    } catch (error) {
      // Another relay may have gone on from the place meanwhile.
      place = undefined
      ahead = undefined
      throw error
    }
  }

  return {
    run: (signal) => keepGoing(needs, signal, () => safeStep(signal)),
    announcedUpTo: () => place ?? LOG_START,
  }
}

type RepublishNeeds = { readonly readLog: ReadLog; readonly publisher: Pick<Publisher, 'publish'> }

/**
 * Announces again what the log holds between two places: refills a topic that was wiped. What comes later is the relay's.
 * @returns how many prices
 */
export async function republish(
  { readLog, publisher }: RepublishNeeds,
  { after, end }: { readonly after: LogPlace; readonly end: LogPlace },
  signal: AbortSignal,
): Promise<number> {
  let [place, count] = [after, 0]
  for (;;) {
    const read = await readLog(place, BATCH)
    const entries = read.filter((entry) => comparePlaces(entry.place, end) <= 0)
    const last = entries.at(-1)
    if (last === undefined) return count
    await publisher.publish(entries.map(toMessage), signal)
    place = last.place
    count += entries.length
  }
}
