import { parse } from 'csv-parse/sync'
import { ServiceError } from '../../errors.ts'
import type { QuoteResult, QuoteProvider } from '../../core/prices/quote.ts'
import { readCsvRow, type CsvRow } from './row.ts'
import { quoteResult } from '../transport/local-reply.ts'

/** Raised when the same lines are read differently from then on. */
export const IMPORT_PARSER_VERSION = 1

const NAME = /^import(-[a-z0-9][a-z0-9-]{0,31})?$/
const DAY_SECONDS = 86_400

/**
 * What prices from a file are said to be of: `import`, or `import-broker` where the file or its owner says `broker`. So they
 * are never taken for prices that a provider gave us; undefined where that would be no name.
 */
export function importedName(label: string): string | undefined {
  const name = /^(import(-.*)?)?$/.test(label) ? label || 'import' : `import-${label}`
  return NAME.test(name) ? name : undefined
}

/**
 * A provider whose prices somebody brought in. Its replies are lines of a file, read as any other; it cannot be asked.
 * Undefined for a name that none of them has.
 */
export function createImported(name: string): QuoteProvider | undefined {
  if (!NAME.test(name)) return undefined
  const detail = `The prices of ${name} come from files (market-data import): it cannot be asked for new ones.`
  return {
    name,
    description: 'Prices that were brought in from a file.',
    parserVersion: IMPORT_PARSER_VERSION,
    maxBatch: 1,
    advisedIntervalSeconds: DAY_SECONDS,
    fetchReply: () => Promise.reject(new ServiceError('provider_unavailable', detail, { provider: name })),
    parseReply: ({ provider, body }) => parseCsv(body).map((row) => importedResult(provider, row)),
  }
}

/** The lines below the header, by its names; @throws where this is no CSV */
export function parseCsv(text: Uint8Array): readonly CsvRow[] {
  return parse<CsvRow>(text, {
    columns: (names: readonly string[]) => names.map((name) => name.trim().toLowerCase()),
    bom: true,
    trim: true,
    skip_empty_lines: true,
  })
}

/** What a line says of its symbol. */
export function importedResult(provider: string, row: CsvRow): QuoteResult {
  const priced = readCsvRow(row)
  if (typeof priced !== 'string') return quoteResult(provider, priced.symbol, priced)
  return { symbol: row['symbol'] ?? '', error: new ServiceError('provider_bad_data', priced) }
}
