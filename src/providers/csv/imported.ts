import { ServiceError } from '../../errors.ts'
import type { QuoteResult, QuoteProvider, RawReply } from '../../core/prices/quote.ts'
import { quoteResult } from '../transport/local-reply.ts'
import { recogniseDialect } from './dialect.ts'
import { createLineSplitter } from './lines.ts'
import { optionsOfRequest } from './request.ts'
import { fieldsOf } from './reader.ts'
import { createReadRow, type ReadRow } from './rows.ts'

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
    parseReply: parseLines,
  }
}

/** The quotes of stored lines, read with the options that their request names. @throws Error if they have no header */
function parseLines({ provider, request, body }: RawReply): readonly QuoteResult[] {
  const options = optionsOfRequest(request)
  const bytes = Buffer.from(body)
  const dialect = recogniseDialect({ bytes, isWhole: true }, { options, isStrict: false })
  const readRow = createReadRow(dialect, options, Object.keys(options).length === 0)
  const lines = [...createLineSplitter(dialect.shape)(bytes, true)].slice(dialect.head.length)
  return fieldsOf(lines, dialect).map((fields) => importedResult(provider, readRow(fields)))
}

/** The quote of one line, or why it is refused. */
export function importedResult(provider: string, row: ReturnType<ReadRow>): QuoteResult {
  if ('why' in row) return { symbol: '', error: new ServiceError('provider_bad_data', row.why) }
  return quoteResult(provider, row.symbol, row)
}
