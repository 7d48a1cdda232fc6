import type { ServiceError } from '../../errors.ts'
import { validateQuote } from './validate-quote.ts'
import type { QuoteResult, RawReply, RecordOutcome, RecordResult } from '../prices/quote.ts'

/** How far one is in a file: after so many lines, the header not counted, and the SHA-256 in hex of all up to there. */
export type FileOffset = { readonly lines: number; readonly sha256: string }

/** Some lines of a file, all of one provider, as if they were its reply. */
export type FileSlice = {
  readonly reply: RawReply
  /** One for each line. */
  readonly results: readonly QuoteResult[]
  /** The numbers of the lines in the file, the first being 1. */
  readonly lines: readonly number[]
  /** Up to the last of these lines. */
  readonly end: FileOffset
}

/** What became of the lines. `skipped`: an earlier import had come so far in this file. */
export type ImportTally = { readonly lines: number; readonly skipped: number } & Readonly<Record<RecordOutcome, number>>

export type ImportNeeds = {
  /** How many lines the file has, and the furthest of some offsets that is one of this file too. */
  readonly survey: (offsets: readonly FileOffset[]) => Promise<Survey>
  readonly readSlices: (behind: FileOffset | undefined) => AsyncIterable<FileSlice>
  /** Places which earlier imports have come to, in whatever file. */
  readonly loadOffsets: () => Promise<readonly FileOffset[]>
  /** Keeps the prices, and in the same transaction the offset that is reached by that. */
  readonly record: (slice: FileSlice) => Promise<readonly RecordResult[]>
  readonly onProgress: (doneLines: number, allLines: number) => void
  /** @throws ServiceError that names the mistakes */
  readonly refuse: (mistakes: readonly Mistake[]) => never
}

export type Survey = { readonly lines: number; readonly reached: FileOffset | undefined }

export type Mistake = { readonly line: number; readonly error: ServiceError }

/** So many mistakes are named; whoever made more has to look at the whole file. */
const MISTAKES_NAMED = 10

/**
 * Takes the prices of a file. A file with a mistake is refused as a whole, before anything is kept. What an earlier import
 * had of it, or of a file that went on with these lines, is passed over: so an import that was ended goes on where it was.
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
    if (mistakes.length >= MISTAKES_NAMED) break
  }
  return mistakes.slice(0, MISTAKES_NAMED)
}

function mistakesOf({ results, reply, lines }: FileSlice): Mistake[] {
  return results.flatMap((result, at) => {
    const error = 'error' in result ? result.error : validateQuote(result.quote, reply.receivedAt)
    return error ? [{ line: lines[at] ?? 0, error }] : []
  })
}
