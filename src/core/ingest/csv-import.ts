import type { ServiceError } from '../../errors.ts'
import { validateQuote } from './validate-quote.ts'
import type { QuoteResult, RawReply, RecordOutcome, RecordResult } from '../prices/quote.ts'

/** A position in a file: after this many lines, not counting the header, and the SHA-256 in hex of everything before it. */
export type FileOffset = { readonly lines: number; readonly sha256: string }

/** Some lines of a file, all of one provider, as if they were a reply of it. */
export type FileSlice = {
  readonly reply: RawReply
  /** One per line. */
  readonly results: readonly QuoteResult[]
  /** The numbers of the lines in the file, the first being 1. */
  readonly lines: readonly number[]
  /** Up to the last of these lines. */
  readonly end: FileOffset
}

/** The outcome of the lines. `skipped`: imported earlier. */
export type ImportTally = { readonly lines: number; readonly skipped: number } & Readonly<Record<RecordOutcome, number>>

export type ImportNeeds = {
  /** Counts the lines of the file, and finds the furthest of these offsets that matches it. */
  readonly survey: (offsets: readonly FileOffset[]) => Promise<Survey>
  readonly readSlices: (after: FileOffset | undefined) => AsyncIterable<FileSlice>
  /** The offsets that earlier imports have reached, in any file. */
  readonly loadOffsets: () => Promise<readonly FileOffset[]>
  /** Stores the prices and, in the same transaction, the offset reached. */
  readonly record: (slice: FileSlice) => Promise<readonly RecordResult[]>
  readonly onProgress: (doneLines: number, allLines: number) => void
  /** @throws ServiceError that names the mistakes */
  readonly refuse: (mistakes: readonly Mistake[]) => never
}

export type Survey = { readonly lines: number; readonly reached: FileOffset | undefined }

export type Mistake = { readonly line: number; readonly error: ServiceError }

/** The most mistakes that are reported. */
const MAX_MISTAKES = 10

/**
 * Imports the prices of a file. A file with a mistake is refused as a whole, before anything is stored. Lines that an earlier
 * import has stored, from this file or from a shorter version of it, are skipped: so an interrupted import resumes.
 */
export async function importFile(needs: ImportNeeds, signal: AbortSignal): Promise<ImportTally> {
  const { lines, reached } = await needs.survey(await needs.loadOffsets())
  const mistakes = await findMistakes(needs.readSlices(reached), signal)
  if (mistakes.length > 0) needs.refuse(mistakes)
  const tally = { lines, skipped: reached?.lines ?? 0, recorded: 0, corrected: 0, confirmed: 0, outdated: 0 }
  for await (const slice of needs.readSlices(reached)) {
    signal.throwIfAborted()
    for (const result of await needs.record(slice)) {
      if ('error' in result) throw result.error
      tally[result.outcome] += 1
    }
    needs.onProgress(slice.end.lines, lines)
  }
  return tally
}

async function findMistakes(slices: AsyncIterable<FileSlice>, signal: AbortSignal): Promise<Mistake[]> {
  const mistakes: Mistake[] = []
  for await (const slice of slices) {
    signal.throwIfAborted()
    mistakes.push(...mistakesOf(slice))
    if (mistakes.length >= MAX_MISTAKES) break
  }
  return mistakes.slice(0, MAX_MISTAKES)
}

function mistakesOf({ results, reply, lines }: FileSlice): Mistake[] {
  return results.flatMap((result, at) => {
    const error = 'error' in result ? result.error : validateQuote(result.quote, reply.receivedAt)
    return error ? [{ line: lines[at] ?? 0, error }] : []
  })
}
