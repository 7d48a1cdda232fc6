import { createSharedRun } from '../../lib/shared-run.ts'

/** What was committed at one moment, in the form that the database gave it. */
export type LogSnapshot = { readonly epoch: string; readonly snapshot: string }

/** A snapshot, and the symbols of the entries that it has and an earlier one had not; undefined if they are too many to name. */
export type LogAdditions = LogSnapshot & { readonly symbols: readonly string[] | undefined }

/** Reads what has been committed since a snapshot, whichever process wrote it; without one, only the snapshot of now. */
export type ReadAdditions = (since: LogSnapshot | undefined) => Promise<LogAdditions>

/** Tells whether the stored prices of a symbol are the same as at an earlier moment. */
export type SymbolVersions = {
  /** Reads the additions up to now, together with all others who ask at this moment. */
  update(): Promise<void>
  /**
   * A text that changes with each addition to one of the symbols, as of the last update; undefined before the first one. What
   * is read after this call belongs to this version: it is still true if the version is the same after an update.
   */
  of(symbols: readonly string[]): string | undefined
}

/** More would only fill the memory; then all versions change at once. */
const MAX_SYMBOLS = 10_000

/** Versions that start with this process. */
export function createSymbolVersions(readAdditions: ReadAdditions): SymbolVersions {
  const additions = new Map<string, number>()
  let since: LogSnapshot | undefined
  let generation = 0

  const update = createSharedRun(async () => {
    const { symbols, ...snapshot } = await readAdditions(since)
    const isComparable = since !== undefined && since.epoch === snapshot.epoch && additions.size <= MAX_SYMBOLS
    since = snapshot
    if (symbols !== undefined && isComparable) {
      for (const symbol of symbols) additions.set(symbol, (additions.get(symbol) ?? 0) + 1)
      return
    }
    generation += 1
    additions.clear()
  })

  return {
    update,
    of: (symbols) => since && `${generation} ${symbols.map((symbol) => additions.get(symbol) ?? 0).join()}`,
  }
}
