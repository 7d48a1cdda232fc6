import type { Clock } from '../../lib/clock.ts'
import type { Affected } from '../log/entry.ts'
import { comparePositions, LOG_START, type LogPosition } from '../log/position.ts'
import { averagesReader } from './advance.ts'
import { repeatUntilAborted } from '../../lib/retry.ts'

/** A part of the log, as the sweep reads it for one window. */
type SweepSlice = {
  /** Where it ends. */
  readonly position: LogPosition
  /** What may have to be recomputed. */
  readonly suspects: readonly Affected[]
}

/** Reads the slice after a position; undefined if nothing is old enough to be swept. */
export type ReadSweepSlice = (window: number, after: LogPosition) => Promise<SweepSlice | undefined>

type Needs = {
  /** Whether a follower of the log saves the checkpoint of the averages; with Kafka none does. */
  readonly hasFollower: boolean
  readonly windows: readonly number[]
  readonly readSlice: ReadSweepSlice
  readonly recompute: (affected: readonly Affected[], window: number) => Promise<unknown>
  readonly loadCheckpoint: (reader: string) => Promise<LogPosition | undefined>
  readonly saveCheckpoint: (reader: string, position: LogPosition) => Promise<void>
  readonly clock: Clock
  readonly onError?: (error: unknown) => void
}

const PAUSE_MS = 5_000
/** Without a follower, the sweep's checkpoint is the one that shows how far the averages are. */
const PAUSE_ALONE_MS = 1_000

/** Name of the checkpoint of a window's sweep, if there is a follower. */
function sweepReader(window: number): string {
  return `sweep:${window}`
}

/**
 * Checks the log a second time, some time behind the workers that compute averages, so that an average whose event was lost
 * is recomputed. What a follower has not reached yet is not lost. Without a follower, every average up to the sweep's own
 * position is stored, so it saves the checkpoint that a follower would.
 */
export function createSweeping(needs: Needs): { run(signal: AbortSignal): Promise<void> } {
  const { windows, clock, hasFollower } = needs
  const step = async (signal: AbortSignal) => {
    for (const window of windows) await sweepWindow(needs, window, signal)
    await clock.sleep(hasFollower ? PAUSE_MS : PAUSE_ALONE_MS, signal)
  }
  return { run: (signal) => repeatUntilAborted(needs, signal, () => step(signal)) }
}

async function sweepWindow(needs: Needs, window: number, signal: AbortSignal): Promise<void> {
  const { readSlice, recompute, loadCheckpoint, saveCheckpoint, hasFollower } = needs
  const reader = hasFollower ? sweepReader(window) : averagesReader(window)
  const followed = hasFollower ? ((await loadCheckpoint(averagesReader(window))) ?? LOG_START) : undefined
  let position = (await loadCheckpoint(reader)) ?? LOG_START
  while (!signal.aborted) {
    const slice = await readSlice(window, position)
    if (slice === undefined || (followed && comparePositions(slice.position, followed) > 0)) return
    await recompute(slice.suspects, window)
    position = slice.position
    await saveCheckpoint(reader, position)
  }
}
