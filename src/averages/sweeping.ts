import type { Clock } from '../clock.ts'
import { comparePlaces, LOG_START, type LogPlace, type Touched } from '../prices/log.ts'
import { averagesReader } from './averaging.ts'
import { keepGoing } from './keep-going.ts'

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
  readonly windows: readonly number[]
  readonly readSlice: ReadSweepSlice
  readonly recompute: (touched: readonly Touched[], window: number) => Promise<unknown>
  readonly loadPlace: (reader: string) => Promise<LogPlace | undefined>
  readonly savePlace: (reader: string, place: LogPlace) => Promise<void>
  readonly clock: Clock
  readonly onError?: (error: unknown) => void
}

const PAUSE_MS = 5_000

/** Where the sweep of a window has come to. */
function sweepReader(window: number): string {
  return `sweep:${window}`
}

/**
 * Goes over the log once more, some time behind those who follow it, so that an average heals although its event was lost.
 * What they have not come to yet is not lost.
 */
export function createSweeping(needs: Needs): { run(signal: AbortSignal): Promise<void> } {
  const { windows, clock } = needs
  const step = async (signal: AbortSignal) => {
    for (const window of windows) await sweepWindow(needs, window, signal)
    await clock.sleep(PAUSE_MS, signal)
  }
  return { run: (signal) => keepGoing(needs, signal, () => step(signal)) }
}

async function sweepWindow(needs: Needs, window: number, signal: AbortSignal): Promise<void> {
  const { readSlice, recompute, loadPlace, savePlace } = needs
  const followed = (await loadPlace(averagesReader(window))) ?? LOG_START
  let place = (await loadPlace(sweepReader(window))) ?? LOG_START
  while (!signal.aborted) {
    const slice = await readSlice(window, place)
    if (slice === undefined || comparePlaces(slice.place, followed) > 0) return
    await recompute(slice.suspects, window)
    place = slice.place
    await savePlace(sweepReader(window), place)
  }
}
