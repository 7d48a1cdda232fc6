import type { Affected, PriceEntry } from '../log/entry.ts'
import type { Decimal } from '../../lib/decimal.ts'
import { createRunningMean, type MeanInput, type RunningMean } from './running-mean.ts'
import { createSeriesMemory, type SeriesMemory } from './series-memory.ts'

/** An average to store. */
export type NewAverage = Affected & { readonly average: Decimal }

/** What follows from a part of the log. */
export type Summed = {
  /** In ascending order of the series, and of the times of each. */
  readonly averages: NewAverage[]
  /** The oldest price that went into an average of each series: the averages are only right while it is stored. */
  readonly oldestInputs: Affected[]
  /** Entries that sums cannot follow: what they affect has to be recomputed. */
  readonly others: Affected[]
}

/**
 * The current prices of each series for the last times before that of its entry, at most `limit` of each, oldest first. One that
 * comes later in the log may be among them: it is late or a correction, so the averages are recomputed when its entry comes.
 */
export type ReadInputsBefore = (
  entries: readonly PriceEntry[],
  limit: number,
) => Promise<ReadonlyMap<string, readonly MeanInput[]>>

type Needs = {
  readonly window: number
  /** Prices that may be kept in memory; each takes about 120 bytes. */
  readonly maxInputs: number
  readonly readInputsBefore: ReadInputsBefore
}

export type RunningSums = {
  /** Adds the next part of the log. After a failure, or if the averages were not stored, everything has to be forgotten. */
  add(entries: readonly PriceEntry[]): Promise<Summed>
  forgetAll(): void
}

/** Prices of one read of a series that is new here. What does not fit is recomputed, and read when it comes again. */
const INPUTS_PER_READ = 20_000

/**
 * Computes averages along the log. A price that is the newest of its series needs nothing but the sum of those before it. Any
 * other entry (late, corrected, or what a later version writes) makes us forget its series.
 */
export function createRunningSums({ window, maxInputs, readInputsBefore }: Needs): RunningSums {
  const memory = createSeriesMemory<RunningMean>(Math.max(1, Math.floor(maxInputs / window)))
  const seriesPerRead = Math.max(1, Math.floor(INPUTS_PER_READ / window))

  const readUnknown = async (series: readonly SeriesEntries[]) => {
    const unknown = series.filter((one) => one.mean === undefined && one.isOrdinary)
    const read = unknown.slice(0, memory.makeRoom(Math.min(unknown.length, seriesPerRead)))
    const firsts = read.flatMap(({ entries }) => entries[0] ?? [])
    const hasInputs = window > 1 && firsts.length > 0
    const inputs = hasInputs ? await readInputsBefore(firsts, window - 1) : new Map<string, MeanInput[]>()
    for (const one of read) {
      one.mean = createRunningMean(window)
      for (const input of inputs.get(one.seriesId) ?? []) one.mean.add(input)
      memory.add(one.seriesId, one.mean)
    }
  }

  return {
    add: async (entries) => {
      const series = entriesBySeries(entries, memory)
      await readUnknown(series)
      const summed: Summed = { averages: [], oldestInputs: [], others: [] }
      for (const one of series) if (!addSeries(one, summed)) memory.forget(one.seriesId)
      return summed
    },
    forgetAll: memory.forgetAll,
  }
}

/** The entries of one series, in the order of the log. */
type SeriesEntries = {
  readonly seriesId: string
  readonly entries: readonly PriceEntry[]
  /** Whether each of them was the newest price when it was stored. */
  readonly isOrdinary: boolean
  /** Undefined while nothing is known of the series. */
  mean: RunningMean | undefined
}

function entriesBySeries(entries: readonly PriceEntry[], memory: SeriesMemory<RunningMean>): SeriesEntries[] {
  return [...Map.groupBy(entries, ({ seriesId }) => seriesId)]
    .toSorted(([a], [b]) => Number(a) - Number(b))
    .map(([seriesId, own]) => ({
      seriesId,
      entries: own,
      isOrdinary: own.every((entry) => entry.isNewest),
      mean: memory.use(seriesId),
    }))
}

/** @returns whether the sums still follow the series */
function addSeries({ seriesId, entries, isOrdinary, mean }: SeriesEntries, summed: Summed): boolean {
  const { averages, oldestInputs, others } = summed
  const [before, inputsBefore] = [averages.length, oldestInputs.length]
  for (const entry of entries) {
    const average = isOrdinary ? mean?.add(entry) : undefined
    if (average === undefined) {
      averages.length = before
      oldestInputs.length = inputsBefore
      for (const other of entries) others.push(other)
      return false
    }
    if (average === null) continue
    if (averages.length === before) oldestInputs.push({ seriesId, eventTime: mean?.oldest() ?? entry.eventTime })
    averages.push({ seriesId, eventTime: entry.eventTime, average })
  }
  return true
}
