import type { ImportTally } from '../core/ingest/csv-import.ts'

/** What was imported, and how the file was read. */
export type ImportedFile = {
  /** Its name, or `stdin`. */
  readonly file: string
  /** One, or several with commas. */
  readonly provider: string
  /** The options that it was read with, given or recognised; empty for a plain file. */
  readonly readAs: string
  readonly skipBadLines?: boolean | undefined
}

/** The result of `market-data import` as JSON. Lines that were left out are listed if that was asked for. */
export function importBody({ bad, mistakes, ...counts }: ImportTally, imported: ImportedFile): object {
  const { file, provider, readAs, skipBadLines } = imported
  const badLines = mistakes.map(({ line, error }) => ({ line, detail: error.message }))
  return {
    file,
    provider,
    ...(readAs !== '' && { read_as: readAs }),
    ...counts,
    ...(skipBadLines && { bad, bad_lines: badLines }),
  }
}
