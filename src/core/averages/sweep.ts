import type { Clock } from '../../lib/clock.ts'
import { comparePlaces, LOG_START, type LogPlace, type Touched } from '../log/log.ts'
import { averagesReader } from './follow.ts'
import { keepGoing } from '../../lib/retry.ts'

/** A stretch of the log, as the sweep sees it for one window. */
type SweepSlice = {
  /** Where the stretch ends. */
  readonly place: LogPlace
  /** What in it must be computed again. */
  readonly suspects: readonly Touched[]
}

/** Reads the stretch behind a place; undefined where nothing is old enough to be swept. */
export type ReadSweepSlice = (window: number, after: LogPlace) => Promise<SweepSlice | undefined>

type Needs = {
  /** Whether somebody follows the log and saves a place; with Kafka nobody does. */
  readonly hasFollower: boolean
  readonly windows: readonly number[]
  readonly readSlice: ReadSweepSlice
  readonly recompute: (touched: readonly Touched[], window: number) => Promise<unknown>
  readonly loadPlace: (reader: string) => Promise<LogPlace | undefined>
  readonly savePlace: (reader: string, place: LogPlace) => Promise<void>
  readonly clock: Clock
  readonly onError?: (error: unknown) => void
}

const PAUSE_MS = 5_000
/** Without a follower this place is the one that tells how far the averages are. */
const PAUSE_ALONE_MS = 1_000

/** Where the sweep of a window has come to, behind a follower. */
function sweepReader(window: number): string {
  return `sweep:${window}`
}

/**
 * Goes over the log once more, some time behind those who compute, so that an average heals although its event was lost.
 * What a follower has not come to yet is not lost. Where there is none, every average up to the sweep's own place is there,
 * so it saves the place that a follower would.
 */
export function createSweeping(needs: Needs): { run(signal: AbortSignal): Promise<void> } {
  const { windows, clock, hasFollower } = needs
  const step = async (signal: AbortSignal) => {
    for (const window of windows) await sweepWindow(needs, window, signal)
    await clock.sleep(hasFollower ? PAUSE_MS : PAUSE_ALONE_MS, signal)
  }
  return { run: (signal) => keepGoing(needs, signal, () => step(signal)) }
}

async function sweepWindow(needs: Needs, window: number, signal: AbortSignal): Promise<void> {
  const { readSlice, recompute, loadPlace, savePlace, hasFollower } = needs
  const reader = hasFollower ? sweepReader(window) : averagesReader(window)
  const followed = hasFollower ? ((await loadPlace(averagesReader(window))) ?? LOG_START) : undefined
  let place = (await loadPlace(reader)) ?? LOG_START
  while (!signal.aborted) {
    const slice = await readSlice(window, place)
    if (slice === undefined || (followed && comparePlaces(slice.place, followed) > 0)) return
    await recompute(slice.suspects, window)
    place = slice.place
    await savePlace(reader, place)
  }
}
