import type { Clock } from '../clock.ts'
import { LOG_START, type LogPlace, type ReadLog, type Touched } from '../prices/log.ts'
import { keepGoing } from './keep-going.ts'

type Needs = {
  /** How many prices an average is of. */
  readonly window: number
  readonly readLog: ReadLog
  readonly loadPlace: (reader: string) => Promise<LogPlace | undefined>
  readonly savePlace: (reader: string, place: LogPlace) => Promise<void>
  /** Resolves once the averages are committed. */
  readonly recompute: (touched: readonly Touched[], window: number) => Promise<unknown>
  /** Resolves when there may be new prices, at the latest after so many milliseconds. */
  readonly waitForPrices: (ms: number, signal: AbortSignal) => Promise<void>
  readonly clock: Clock
  readonly onError?: (error: unknown) => void
}

/** The loop that keeps the averages of one window up to date. */
export type Averaging = {
  /** Follows the log until the signal fires. Failures are told to `onError` and tried again for ever. */
  run(signal: AbortSignal): Promise<void>
  /** Every price up to here is averaged. */
  caughtUpTo(): LogPlace
}

/** Up to its place in the log, every average of the window is there. */
export function averagesReader(window: number): string {
  return `averages:${window}`
}

const BATCH = 5_000
/** Other processes write too, and what is written may settle later: nobody rings for either. */
const LOOK_AGAIN_MS = 250

/**
 * Follows the log from its saved place: what a batch touched is recomputed, and only then is the place saved. A batch
 * seen twice, here or by another process, changes nothing. Each window has its own place: one that is new starts at the
 * log's beginning and one that was left out for a while where it was, and neither holds up the others.
 */
export function createAveraging(needs: Needs): Averaging {
  const { window, readLog, loadPlace, savePlace, recompute, waitForPrices } = needs
  const reader = averagesReader(window)
  let place: LogPlace | undefined

  async function step(signal: AbortSignal): Promise<void> {
    place ??= (await loadPlace(reader)) ?? LOG_START
    const entries = await readLog(place, BATCH)
    const last = entries.at(-1)
    if (last === undefined) return waitForPrices(LOOK_AGAIN_MS, signal)
    await recompute(entries, window)
    await savePlace(reader, last.place)
    place = last.place
  }

  return {
    run: (signal) => keepGoing(needs, signal, () => step(signal)),
    caughtUpTo: () => place ?? LOG_START,
  }
}
