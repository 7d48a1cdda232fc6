import type { Affected, PriceEntry } from '../log/entry.ts'
import { comparePositions, LOG_START, type LogPosition } from '../log/position.ts'
import { createRunningSums, type ReadInputsBefore, type Summed } from './running-sums.ts'

/** Averages of a window, and the part of the log that leads to them. */
export type NewAverages = Readonly<Pick<Summed, 'averages' | 'oldestInputs'>> & {
  readonly window: number
  /** The checkpoint of the window as it must be; `LOG_START` if there is none. */
  readonly from: LogPosition
  /** The checkpoint as it is afterwards. */
  readonly to: LogPosition
}

/**
 * Stores averages and moves the checkpoint of their window, both or none.
 * @returns false, and nothing is stored, if the checkpoint is another one, or an oldest input is not stored any more
 */
export type StoreAverages = (averages: NewAverages) => Promise<boolean>

export type AdvanceNeeds = {
  readonly loadCheckpoint: (reader: string) => Promise<LogPosition | undefined>
  readonly readInputsBefore: ReadInputsBefore
  readonly storeAverages: StoreAverages
  /** Resolves once the averages are committed. */
  readonly recompute: (affected: readonly Affected[], window: number) => Promise<unknown>
}

/** Name of a window's checkpoint: every average of the window up to that position is stored. */
export function averagesReader(window: number): string {
  return `averages:${window}`
}

type Start = { readonly window: number; readonly position: LogPosition; readonly maxInputs: number }

/**
 * Takes a window along the log, from its checkpoint on: `advance` resolves once the averages of the entries are stored.
 *
 * Sums give the averages as they are at `to`, while the table may have later prices already. That is right as long as the
 * reader that goes on from `to` meets those prices, so a checkpoint only moves from where the averages before it were computed. If it is
 * found elsewhere, another process follows the same window: then everything is recomputed from the table.
 */
export function createAdvance(needs: AdvanceNeeds, { window, position, maxInputs }: Start) {
  const { readInputsBefore, storeAverages, recompute } = needs
  const sums = createRunningSums({ window, maxInputs, readInputsBefore })
  /** What this process has done, and the checkpoint as far as it knows. */
  let [reached, saved] = [position, position]

  const bySums = async (part: readonly PriceEntry[], to: LogPosition) => {
    const { others, ...summed } = await sums.add(part)
    if (others.length > 0) await recompute(others, window)
    return storeAverages({ ...summed, window, from: reached, to })
  }
  const advancePart = async (part: readonly PriceEntry[], signal: AbortSignal) => {
    const to = endOf(part)
    const isAlone = comparePositions(saved, reached) === 0
    if (isAlone && (await bySums(part, to))) saved = to
    else {
      sums.forgetAll()
      saved = await recomputePart(needs, { window, part }, signal)
    }
    reached = to
  }
  return async (entries: readonly PriceEntry[], signal: AbortSignal): Promise<void> => {
    // After a failure of another window the same entries come again.
    const fresh = entries.filter((entry) => comparePositions(entry.position, reached) > 0)
    try {
      for (const part of partsOf(fresh)) await advancePart(part, signal)
    } catch (error) {
      sums.forgetAll()
      throw error
    }
  }
}

type Part = { readonly window: number; readonly part: readonly PriceEntry[] }

/** @returns the checkpoint afterwards: at least the end of the part */
async function recomputePart(needs: AdvanceNeeds, { window, part }: Part, signal: AbortSignal): Promise<LogPosition> {
  const { loadCheckpoint, storeAverages, recompute } = needs
  const to = endOf(part)
  while (true) {
    signal.throwIfAborted()
    const from = (await loadCheckpoint(averagesReader(window))) ?? LOG_START
    await recompute(part, window)
    if (comparePositions(from, to) >= 0) return from
    if (await storeAverages({ averages: [], oldestInputs: [], window, from, to })) return to
  }
}

function endOf(part: readonly PriceEntry[]): LogPosition {
  const last = part.at(-1)
  if (last === undefined) throw new Error('a part has at least one entry')
  return last.position
}

/** The series of a transaction: each is locked, and PostgreSQL's lock table has a fixed size. */
const SERIES_PER_PART = 1_000

/** The entries in parts of a limited number of series, in their order. */
function partsOf(entries: readonly PriceEntry[]): (readonly PriceEntry[])[] {
  const parts: PriceEntry[][] = []
  const series = new Set<string>()
  for (const entry of entries) {
    const isFull = series.size >= SERIES_PER_PART && !series.has(entry.seriesId)
    if (isFull || parts.length === 0) {
      series.clear()
      parts.push([])
    }
    series.add(entry.seriesId)
    parts.at(-1)?.push(entry)
  }
  return parts
}
