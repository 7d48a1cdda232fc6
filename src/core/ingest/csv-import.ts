import type { ServiceError } from '../../errors.ts'
import { validateQuote } from './validate-quote.ts'
import type { QuoteResult, RawReply, RecordOutcome, RecordResult } from '../prices/quote.ts'

/** A position in a file: after this many lines, not counting the header, and the SHA-256 in hex of everything before it. */
export type FileOffset = { readonly lines: number; readonly sha256: string }

/** Some lines of a file, all of one provider, as if they were a reply of it. */
export type FileSlice = {
  /** Of the valid lines. */
  readonly reply: RawReply
  /** One for each valid line. */
  readonly results: readonly Extract<QuoteResult, { quote: unknown }>[]
  /** The invalid lines. */
  readonly mistakes: readonly Mistake[]
  /** The number of lines, valid or not. */
  readonly lines: number
  /** Up to the last of these lines. */
  readonly end: FileOffset
}

/** The outcome of the lines. `skipped`: imported earlier. `bad`: invalid, and left out as requested. */
export type ImportTally = {
  readonly lines: number
  readonly skipped: number
  readonly bad: number
  /** The first of the invalid lines. */
  readonly mistakes: readonly Mistake[]
} & Readonly<Record<RecordOutcome, number>>

export type ImportNeeds = {
  /** Counts the lines of the file, and finds the furthest of these offsets that matches it. */
  readonly survey: (offsets: readonly FileOffset[]) => Promise<Survey>
  readonly readSlices: (after: FileOffset | undefined) => AsyncIterable<FileSlice>
  /** The offsets that earlier imports have reached, in any file. */
  readonly loadOffsets: () => Promise<readonly FileOffset[]>
  /** Stores the prices and, in the same transaction, the offset reached. */
  readonly record: (slice: FileSlice) => Promise<readonly RecordResult[]>
  readonly onProgress: (doneLines: number, allLines: number) => void
  /** Whether invalid lines are left out; otherwise they are reasons to refuse the file. */
  readonly skipsBadLines: boolean
  /** @throws ServiceError that names the mistakes */
  readonly refuse: (mistakes: readonly Mistake[]) => never
}

export type Survey = { readonly lines: number; readonly reached: FileOffset | undefined }

export type Mistake = { readonly line: number; readonly error: ServiceError }

/** The most mistakes that are reported. */
const MAX_MISTAKES = 10

/**
 * Imports the prices of a file. A file with a mistake is refused as a whole, before anything is stored, unless invalid lines
 * are to be left out. Lines that an earlier import has stored, from this file or from a shorter version of it, are skipped:
 * so an interrupted import resumes.
 */
export async function importFile(needs: ImportNeeds, signal: AbortSignal): Promise<ImportTally> {
  const { lines, reached } = await needs.survey(await needs.loadOffsets())
  const { bad, mistakes } = await findMistakes(needs, reached, signal)
  if (bad > 0 && !needs.skipsBadLines) needs.refuse(mistakes)
  const outcomes = { recorded: 0, corrected: 0, confirmed: 0, outdated: 0 }
  for await (const slice of needs.readSlices(reached)) {
    signal.throwIfAborted()
    for (const result of slice.results.length > 0 ? await needs.record(slice) : []) {
      if ('error' in result) throw result.error
      outcomes[result.outcome] += 1
    }
    needs.onProgress(slice.end.lines, lines)
  }
  return { lines, skipped: reached?.lines ?? 0, bad, mistakes, ...outcomes }
}

/** All of them are counted only if they are no reason to refuse the file. */
async function findMistakes(needs: ImportNeeds, after: FileOffset | undefined, signal: AbortSignal) {
  const mistakes: Mistake[] = []
  let bad = 0
  for await (const slice of needs.readSlices(after)) {
    signal.throwIfAborted()
    assertValid(slice)
    bad += slice.mistakes.length
    mistakes.push(...slice.mistakes.slice(0, MAX_MISTAKES - mistakes.length))
    if (mistakes.length >= MAX_MISTAKES && !needs.skipsBadLines) break
  }
  return { bad, mistakes }
}

/** The rules of every price. The reader of the file knows them, and says it in the words of the file. */
function assertValid({ results, reply }: FileSlice): void {
  for (const { quote } of results) {
    const error = validateQuote(quote, reply.receivedAt)
    if (error !== undefined) throw error
  }
}
