import { parse } from 'csv-parse/sync'
import { ServiceError } from '../../errors.ts'
import type { QuoteResult, QuoteProvider } from '../../core/prices/quote.ts'
import { readCsvRow, type CsvRow } from './row.ts'
import { quoteResult } from '../transport/local-reply.ts'

/** Incremented when the same lines are read differently. */
export const IMPORT_PARSER_VERSION = 1

const NAME = /^import(-[a-z0-9][a-z0-9-]{0,31})?$/
const DAY_SECONDS = 86_400

/**
 * The provider of prices from a file: `import`, or `import-broker` for the label `broker`. The prefix keeps them apart from
 * prices that were fetched from a provider. Undefined if the label cannot be part of a name.
 */
export function importedName(label: string): string | undefined {
  const name = /^(import(-.*)?)?$/.test(label) ? label || 'import' : `import-${label}`
  return NAME.test(name) ? name : undefined
}

/**
 * A provider whose prices were imported. Its replies are lines of a file, parsed like any other reply; it cannot fetch.
 * Undefined for a name that is not the name of imported prices.
 */
export function createImported(name: string): QuoteProvider | undefined {
  if (!NAME.test(name)) return undefined
  const detail = `The prices of ${name} come from files (market-data import): new ones cannot be fetched.`
  return {
    name,
    description: 'Prices imported from a file.',
    parserVersion: IMPORT_PARSER_VERSION,
    maxBatch: 1,
    canBePolled: false,
    advisedIntervalSeconds: DAY_SECONDS,
    fetchReply: () => Promise.reject(new ServiceError('provider_unavailable', detail, { provider: name })),
    parseReply: ({ provider, body }) => parseCsv(body).map((row) => importedResult(provider, row)),
  }
}

/** The lines below the header, by its names. @throws Error if the text is not CSV */
export function parseCsv(text: Uint8Array): readonly CsvRow[] {
  return parse<CsvRow>(text, {
    columns: (names: readonly string[]) => names.map((name) => name.trim().toLowerCase()),
    bom: true,
    trim: true,
    skip_empty_lines: true,
  })
}

/** The quote of one line, or why it is refused. */
export function importedResult(provider: string, row: CsvRow): QuoteResult {
  const priced = readCsvRow(row)
  if (typeof priced !== 'string') return quoteResult(provider, priced.symbol, priced)
  return { symbol: row['symbol'] ?? '', error: new ServiceError('provider_bad_data', priced) }
}
