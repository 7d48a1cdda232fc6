import type { Clock } from '../../lib/clock.ts'
import { LOG_START, placeText, type LogPlace, type ReadTouched, type Touched, type TouchedEntry } from '../log/log.ts'
import { keepGoing, untilDone } from '../../lib/retry.ts'

type Needs = {
  readonly windows: readonly number[]
  readonly readLog: ReadTouched
  readonly loadPlace: (reader: string) => Promise<LogPlace | undefined>
  readonly savePlace: (reader: string, place: LogPlace) => Promise<void>
  /** Resolves once the averages are committed. */
  readonly recompute: (touched: readonly Touched[], window: number) => Promise<unknown>
  /** Resolves when there may be new prices, at the latest after so many milliseconds. */
  readonly waitForPrices: (ms: number, signal: AbortSignal) => Promise<void>
  readonly clock: Clock
  readonly onError?: (error: unknown) => void
}

/** Up to its place in the log, every average of the window is there. */
export function averagesReader(window: number): string {
  return `averages:${window}`
}

/**
 * Keeps averages up to date until the signal fires: follows the log from the saved place of each window, recomputes what a
 * batch touched, and only then saves the place. A batch seen twice, here or by another process, changes nothing.
 *
 * A window that is new starts at the log's beginning, and one that was left out for a while where it was. Windows that start
 * at the same place go on together, so that the log is read once for them; those that are behind hold up no other.
 */
export function createAveraging(needs: Needs): { run(signal: AbortSignal): Promise<void> } {
  return {
    run: async (signal) => {
      const starts = await untilDone(needs, signal, () => loadStarts(needs))
      const together = Map.groupBy(starts ?? [], ({ place }) => placeText(place))
      await Promise.all(together.values().map((group) => follow(needs, group, signal)))
    },
  }
}

type Start = { readonly window: number; readonly place: LogPlace }

async function loadStarts({ windows, loadPlace }: Needs): Promise<readonly Start[]> {
  const places = await Promise.all(windows.map((window) => loadPlace(averagesReader(window))))
  return windows.map((window, i) => ({ window, place: places[i] ?? LOG_START }))
}

const BATCH = 5_000
/** Other processes write too, and what is written may settle later: nobody rings for either. */
const LOOK_AGAIN_MS = 250

async function follow(needs: Needs, group: readonly Start[], signal: AbortSignal): Promise<void> {
  const { readLog, savePlace, recompute, waitForPrices } = needs
  let place = group[0]?.place ?? LOG_START
  let ahead: readonly TouchedEntry[] | undefined
  await keepGoing(needs, signal, async () => {
    const entries = ahead ?? (await readLog(place, BATCH))
    ahead = undefined
    const last = entries.at(-1)
    if (last === undefined) return waitForPrices(LOOK_AGAIN_MS, signal)
    // Read while the database computes; a failure here is told by the next step, which reads again.
    const next = entries.length < BATCH ? undefined : readLog(last.place, BATCH).catch(() => undefined)
    for (const { window } of group) {
      await recompute(entries, window)
      await savePlace(averagesReader(window), last.place)
    }
    place = last.place
    ahead = await next
  })
}
