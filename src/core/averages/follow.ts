import type { Clock } from '../../lib/clock.ts'
import type { Affected, ReadAffected } from '../log/entry.ts'
import { createMemoryCheckpoint, followLog } from '../log/follow.ts'
import { LOG_START, positionText, type LogPosition } from '../log/position.ts'
import { retryUntilDone } from '../../lib/retry.ts'

type Needs = {
  readonly windows: readonly number[]
  readonly readLog: ReadAffected
  readonly loadCheckpoint: (reader: string) => Promise<LogPosition | undefined>
  readonly saveCheckpoint: (reader: string, position: LogPosition) => Promise<void>
  /** Resolves once the averages are committed. */
  readonly recompute: (affected: readonly Affected[], window: number) => Promise<unknown>
  /** Resolves when there may be new prices, at the latest after `ms`. */
  readonly waitForPrices: (ms: number, signal: AbortSignal) => Promise<void>
  readonly clock: Clock
  readonly onError?: (error: unknown) => void
}

/** Name of a window's checkpoint: every average of the window up to that position is stored. */
export function averagesReader(window: number): string {
  return `averages:${window}`
}

/**
 * Keeps averages up to date until the signal fires: follows the log from the checkpoint of each window, recomputes what a
 * batch affects, and only then saves the checkpoint. A batch handled twice, here or by another process, changes nothing.
 *
 * A new window starts at the beginning of the log, and a window that was left out for a while resumes. Windows with the
 * same checkpoint share one read of the log; a window that is behind delays no other.
 */
export function createAveraging(needs: Needs): { run(signal: AbortSignal): Promise<void> } {
  return {
    run: async (signal) => {
      const starts = await retryUntilDone(needs, signal, () => loadStarts(needs))
      const groups = Map.groupBy(starts ?? [], ({ position }) => positionText(position))
      await Promise.all(groups.values().map((group) => follow(needs, group, signal)))
    },
  }
}

type Start = { readonly window: number; readonly position: LogPosition }

async function loadStarts({ windows, loadCheckpoint }: Needs): Promise<readonly Start[]> {
  const positions = await Promise.all(windows.map((window) => loadCheckpoint(averagesReader(window))))
  return windows.map((window, i) => ({ window, position: positions[i] ?? LOG_START }))
}

const BATCH = 5_000
/** Other processes also write, and an entry may become stable later: neither notifies this process. */
const POLL_MS = 250

async function follow(needs: Needs, group: readonly Start[], signal: AbortSignal): Promise<void> {
  const { readLog, saveCheckpoint, recompute, waitForPrices, clock, onError } = needs
  const reached = createMemoryCheckpoint(group[0]?.position ?? LOG_START)
  await followLog(
    {
      readLog,
      batchSize: BATCH,
      handle: async (entries) => {
        for (const { window } of group) await recompute(entries, window)
      },
      loadCheckpoint: reached.loadCheckpoint,
      saveCheckpoint: async (position) => {
        for (const { window } of group) await saveCheckpoint(averagesReader(window), position)
        await reached.saveCheckpoint(position)
      },
      waitForMore: () => waitForPrices(POLL_MS, signal),
      clock,
      onError,
    },
    signal,
  )
}
