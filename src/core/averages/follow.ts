import type { Clock } from '../../lib/clock.ts'
import type { ReadPriceEntries } from '../log/entry.ts'
import { createMemoryCheckpoint, followLog } from '../log/follow.ts'
import { LOG_START, positionText, type LogPosition } from '../log/position.ts'
import { retryUntilDone } from '../../lib/retry.ts'
import { averagesReader, createAdvance, type AdvanceNeeds } from './advance.ts'

type Needs = AdvanceNeeds & {
  readonly windows: readonly number[]
  readonly readLog: ReadPriceEntries
  /** Resolves when there may be new prices, at the latest after `ms`. */
  readonly waitForPrices: (ms: number, signal: AbortSignal) => Promise<void>
  readonly clock: Clock
  readonly onError?: (error: unknown) => void
}

/**
 * Keeps averages up to date until the signal fires: follows the log from the checkpoint of each window, and stores the
 * averages of a batch together with the checkpoint after it. A batch handled twice, here or by another process, changes
 * nothing.
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

/** Prices that all windows may keep in memory together, some 40 MB. */
const MAX_INPUTS = 400_000

type Start = { readonly window: number; readonly position: LogPosition; readonly maxInputs: number }

async function loadStarts({ windows, loadCheckpoint }: Needs): Promise<readonly Start[]> {
  const positions = await Promise.all(windows.map((window) => loadCheckpoint(averagesReader(window))))
  const maxInputs = Math.floor(MAX_INPUTS / windows.length)
  return windows.map((window, i) => ({ window, position: positions[i] ?? LOG_START, maxInputs }))
}

const BATCH = 5_000
/** Other processes also write, and an entry may become stable later: neither notifies this process. */
const POLL_MS = 250

async function follow(needs: Needs, group: readonly Start[], signal: AbortSignal): Promise<void> {
  const { readLog, waitForPrices, clock, onError } = needs
  const advances = group.map((start) => createAdvance(needs, start))
  await followLog(
    {
      readLog,
      batchSize: BATCH,
      handle: async (entries) => {
        for (const advance of advances) await advance(entries, signal)
      },
      ...createMemoryCheckpoint(group[0]?.position ?? LOG_START),
      waitForMore: () => waitForPrices(POLL_MS, signal),
      clock,
      onError,
    },
    signal,
  )
}
