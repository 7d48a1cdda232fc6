import type { Clock } from '../../lib/clock.ts'
import type { Affected } from '../log/entry.ts'
import { comparePositions, LOG_START, type LogPosition } from '../log/position.ts'
import { averagesReader } from './follow.ts'
import { repeatUntilAborted } from '../../lib/retry.ts'

/** A stretch of the log, as the sweep sees it for one window. */
type SweepSlice = {
  /** Where the stretch ends. */
  readonly position: LogPosition
  /** What in it must be computed again. */
  readonly suspects: readonly Affected[]
}

/** Reads the stretch behind a position; undefined where nothing is old enough to be swept. */
export type ReadSweepSlice = (window: number, after: LogPosition) => Promise<SweepSlice | undefined>

type Needs = {
  /** Whether somebody follows the log and saves a position; with Kafka nobody does. */
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
/** Without a follower this position is the one that tells how far the averages are. */
const PAUSE_ALONE_MS = 1_000

/** Where the sweep of a window has come to, behind a follower. */
function sweepReader(window: number): string {
  return `sweep:${window}`
}

/**
 * Goes over the log once more, some time behind those who compute, so that an average heals although its event was lost.
 * What a follower has not come to yet is not lost. Where there is none, every average up to the sweep's own position is there,
 * so it saves the position that a follower would.
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
