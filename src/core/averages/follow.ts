import type { Clock } from '../../lib/clock.ts'
import type { ReadAffected, Affected, AffectedEntry } from '../log/entry.ts'
import { LOG_START, positionText, type LogPosition } from '../log/position.ts'
import { repeatUntilAborted, retryUntilDone } from '../../lib/retry.ts'

type Needs = {
  readonly windows: readonly number[]
  readonly readLog: ReadAffected
  readonly loadCheckpoint: (reader: string) => Promise<LogPosition | undefined>
  readonly saveCheckpoint: (reader: string, position: LogPosition) => Promise<void>
  /** Resolves once the averages are committed. */
  readonly recompute: (affected: readonly Affected[], window: number) => Promise<unknown>
  /** Resolves when there may be new prices, at the latest after so many milliseconds. */
  readonly waitForPrices: (ms: number, signal: AbortSignal) => Promise<void>
  readonly clock: Clock
  readonly onError?: (error: unknown) => void
}

/** Up to its position in the log, every average of the window is there. */
export function averagesReader(window: number): string {
  return `averages:${window}`
}

/**
 * Keeps averages up to date until the signal fires: follows the log from the saved position of each window, recomputes what a
 * batch touched, and only then saves the position. A batch seen twice, here or by another process, changes nothing.
 *
 * A window that is new starts at the log's beginning, and one that was left out for a while where it was. Windows that start
 * at the same position go on together, so that the log is read once for them; those that are behind hold up no other.
 */
export function createAveraging(needs: Needs): { run(signal: AbortSignal): Promise<void> } {
  return {
    run: async (signal) => {
      const starts = await retryUntilDone(needs, signal, () => loadStarts(needs))
      const together = Map.groupBy(starts ?? [], ({ position }) => positionText(position))
      await Promise.all(together.values().map((group) => follow(needs, group, signal)))
    },
  }
}

type Start = { readonly window: number; readonly position: LogPosition }

async function loadStarts({ windows, loadCheckpoint }: Needs): Promise<readonly Start[]> {
  const positions = await Promise.all(windows.map((window) => loadCheckpoint(averagesReader(window))))
  return windows.map((window, i) => ({ window, position: positions[i] ?? LOG_START }))
}

const BATCH = 5_000
/** Other processes write too, and what is written may settle later: nobody rings for either. */
const LOOK_AGAIN_MS = 250

async function follow(needs: Needs, group: readonly Start[], signal: AbortSignal): Promise<void> {
  const { readLog, saveCheckpoint, recompute, waitForPrices } = needs
  let position = group[0]?.position ?? LOG_START
  let ahead: readonly AffectedEntry[] | undefined
  await repeatUntilAborted(needs, signal, async () => {
    const entries = ahead ?? (await readLog(position, BATCH))
    ahead = undefined
    const last = entries.at(-1)
    if (last === undefined) return waitForPrices(LOOK_AGAIN_MS, signal)
    // Read while the database computes; a failure here is told by the next step, which reads again.
    const next = entries.length < BATCH ? undefined : readLog(last.position, BATCH).catch(() => undefined)
    for (const { window } of group) {
      await recompute(entries, window)
      await saveCheckpoint(averagesReader(window), last.position)
    }
    position = last.position
    ahead = await next
  })
}
