/** Something about each of some series, as many as there is room for. */
export type SeriesMemory<T> = {
  /** What is remembered of the series, which counts as used now. */
  use(seriesId: string): T | undefined
  /** @returns for how many of `wanted` more series there is room now */
  makeRoom(wanted: number): number
  /** Remembers a series for which there is room. */
  add(seriesId: string, value: T): void
  forget(seriesId: string): void
  forgetAll(): void
}

/** After this many uses of other series, a series makes room for another one. */
const IDLE_USES = 100_000

/**
 * Remembers up to `capacity` series. The series that was used least recently makes room, but only after a long time: if more
 * series are active than there is room for, those that are remembered stay, and none is loaded again for each of its prices.
 */
export function createSeriesMemory<T>(capacity: number, idleUses = IDLE_USES): SeriesMemory<T> {
  /** The least recently used first. */
  const known = new Map<string, { readonly value: T; readonly usedAt: number }>()
  let uses = 0

  const remember = (seriesId: string, value: T) => {
    known.delete(seriesId)
    known.set(seriesId, { value, usedAt: uses })
  }
  return {
    use: (seriesId) => {
      uses += 1
      const value = known.get(seriesId)?.value
      if (value !== undefined) remember(seriesId, value)
      return value
    },
    makeRoom: (wanted) => {
      for (const [seriesId, { usedAt }] of known) {
        if (known.size + wanted <= capacity || uses - usedAt <= idleUses) break
        known.delete(seriesId)
      }
      return Math.max(0, Math.min(wanted, capacity - known.size))
    },
    add: remember,
    forget: (seriesId) => void known.delete(seriesId),
    forgetAll: () => known.clear(),
  }
}
