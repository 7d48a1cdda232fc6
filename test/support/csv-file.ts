import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { parseInstant, type Instant } from '../../src/lib/instant.ts'
import { createImported } from '../../src/providers/csv/imported.ts'
import { readImportFile } from '../../src/providers/csv/import-file.ts'
import { readCsvOptions, type CsvOptionTexts } from '../../src/providers/csv/options.ts'
import { openCsvSource } from '../../src/providers/csv/source.ts'

export type ReadCsv = {
  /** `AAPL 2024-01-15T00:00:00Z 185.92 USD` */
  readonly prices: readonly string[]
  /** `line 3: not a price: "null"` */
  readonly mistakes: readonly string[]
  /** How it was read: the request of the replies. */
  readonly request: string
  readonly providers: readonly string[]
}

const NOW = parseInstant('2026-01-01T00:00:00Z') as Instant

/** What an import of the file would store. Each reply is read again, as `verify` does, and has to bring the same prices. */
export async function readCsv(file: string, texts: CsvOptionTexts = {}, provider?: string): Promise<ReadCsv> {
  await using source = await openCsvSource(file)
  const input = { source, options: readCsvOptions(texts), provider, receivedAt: NOW }
  const slices = await Array.fromAsync(readImportFile(input, undefined))
  const prices = slices.flatMap(({ results }) => results.map(summaryOf))
  const again = slices.flatMap(({ reply }) => createImported(reply.provider)?.parseReply(reply).map(summaryOf) ?? [])
  if (again.join('\n') !== prices.join('\n')) throw new Error(`read again: ${again.join('; ')}`)
  return {
    prices,
    mistakes: slices.flatMap(({ mistakes }) => mistakes.map(({ line, error }) => `line ${line}: ${error.message}`)),
    request: slices[0]?.reply.request ?? '',
    providers: [...new Set(slices.map(({ reply }) => reply.provider))],
  }
}

type Result = ReturnType<NonNullable<ReturnType<typeof createImported>>['parseReply']>[number]

function summaryOf(result: Result): string {
  if ('error' in result) return `refused: ${result.error.message}`
  const { symbol, eventTime, price, currency } = result.quote
  return `${symbol} ${eventTime} ${price}${currency === null ? '' : ` ${currency}`}`
}

/** A file with these contents, until the test ends. */
export function csvFile(t: TestContext, contents: string | Uint8Array, name = 'prices.csv'): string {
  const folder = mkdtempSync(join(tmpdir(), 'csv-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, name)
  writeFileSync(file, contents)
  return file
}
