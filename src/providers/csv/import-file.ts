import { createHash } from 'node:crypto'
import { ServiceError } from '../../errors.ts'
import type { FileOffset, FileSlice, Mistake, Survey } from '../../core/ingest/csv-import.ts'
import { validateQuote } from '../../core/ingest/validate-quote.ts'
import type { Instant } from '../../lib/instant.ts'
import type { Quote } from '../../core/prices/quote.ts'
import { IMPORT_PARSER_VERSION, importedName, importedResult } from './imported.ts'
import { joinLines, LINE_END, type CsvLine } from './lines.ts'
import { formatCsvOptions, type CsvOptions } from './options.ts'
import { fieldsOf, openCsvReader, type Fields } from './reader.ts'
import { importRequest } from './request.ts'
import { createReadRow, fieldOf, type ReadRow } from './rows.ts'
import type { Dialect } from './dialect.ts'
import type { CsvSource } from './source.ts'

type Needs = {
  readonly source: CsvSource
  readonly options: CsvOptions
  /** The provider of all lines, as `importedName` returns it; if undefined, the lines name theirs, or it is `import`. */
  readonly provider: string | undefined
  readonly receivedAt: Instant
}

/** Small enough to be stored within about 200 ms. */
const SLICE = 1_000
/** Of a slice with long lines. */
const SLICE_BYTES = 4_194_304

/** Counts the lines, and finds the furthest of the offsets that belongs to this file. @throws as `readImportFile` */
export async function surveyImportFile(needs: Needs, offsets: readonly FileOffset[]): Promise<Survey> {
  const counts = new Set(offsets.map(({ lines }) => lines))
  const hashes = new Set(offsets.map(({ sha256 }) => sha256))
  const { lines, walked } = await openFile(needs)
  let reached: FileOffset | undefined
  for await (const line of lines) {
    walked.add(line)
    if (counts.has(walked.lines()) && hashes.has(walked.offset().sha256)) reached = walked.offset()
  }
  return { lines: walked.lines(), reached }
}

/**
 * Reads the lines after an offset, in slices of at most 1,000 lines of one provider. Each slice is a reply of that provider
 * that begins with the header, so that its bytes can be read alone; invalid lines are beside it.
 * @throws ServiceError `invalid_request` if the file cannot be read, or its header is not understood
 */
export async function* readImportFile(needs: Needs, after: FileOffset | undefined): AsyncGenerator<FileSlice> {
  const { lines, walked, dialect } = await openFile(needs)
  const slicesOf = createSlices(needs, dialect)
  let [batch, bytes]: [CsvLine[], number] = [[], 0]
  const slices = function* (): Generator<FileSlice> {
    for (const { group, slice } of slicesOf(batch)) {
      for (const { line } of group) walked.add(line)
      yield { ...slice, end: walked.offset() }
    }
    ;[batch, bytes] = [[], 0]
  }
  for await (const line of lines) {
    if (walked.lines() < (after?.lines ?? 0)) walked.add(line)
    else if (batch.push(line) === SLICE || (bytes += line.text.length) > SLICE_BYTES) yield* slices()
  }
  yield* slices()
}

async function openFile(needs: Needs) {
  const { dialect, lines } = await openCsvReader(needs.source, needs.options)
  return { dialect, lines, walked: createWalk(dialect.head, formatCsvOptions(needs.options)) }
}

/**
 * The position in the file, line by line. The options are part of it: the same lines with another `--symbol` are other
 * prices.
 */
function createWalk(head: readonly CsvLine[], options: string) {
  const hash = createHash('sha256').update(options)
  const take = ({ text }: CsvLine) => void hash.update(text).update(LINE_END)
  for (const line of head) take(line)
  let lines = 0
  return {
    add: (line: CsvLine) => {
      take(line)
      lines += 1
    },
    lines: () => lines,
    offset: (): FileOffset => ({ lines, sha256: hash.copy().digest('hex') }),
  }
}

type Item = { readonly line: CsvLine; readonly label: string; readonly fields: Fields }
type Slices = Generator<{ readonly group: readonly Item[]; readonly slice: Omit<FileSlice, 'end'> }>

function createSlices(needs: Needs, dialect: Dialect): (lines: readonly CsvLine[]) => Slices {
  const readRow = createReadRow(dialect, needs.options, false)
  const request = importRequest(needs.source.name, needs.options, dialect)
  const isOlder = createRevisionCheck(dialect)
  return function* slices(lines) {
    for (const group of groupByProvider(needs, dialect, lines)) {
      const provider = importedName(group[0]?.label ?? '')
      yield {
        group,
        slice: sliceOf(group, { provider, readRow, isOlder, request, dialect, receivedAt: needs.receivedAt }),
      }
    }
  }
}

/** The lines in their order, split where the provider changes. */
function groupByProvider(
  { provider }: Needs,
  dialect: Dialect,
  lines: readonly CsvLine[],
): readonly (readonly Item[])[] {
  const rows = fieldsOf(lines, dialect)
  const groups: Item[][] = []
  for (const [at, line] of lines.entries()) {
    const fields = rows[at]
    const group = groups.at(-1)
    const own = fields === undefined ? group?.[0]?.label : fieldOf(fields, dialect.columns.provider)
    const label = provider ?? own ?? ''
    if (group?.[0]?.label === label) group.push({ line, label, fields })
    else groups.push([{ line, label, fields }])
  }
  return groups
}

type Reading = {
  /** Undefined if the label of the group is no name. */
  readonly provider: string | undefined
  readonly readRow: ReadRow
  readonly isOlder: (fields: Fields) => boolean
  readonly request: string
  readonly dialect: Dialect
  readonly receivedAt: Instant
}

function sliceOf(group: readonly Item[], reading: Reading): Omit<FileSlice, 'end'> {
  const [results, good, mistakes]: [{ symbol: string; quote: Quote }[], CsvLine[], Mistake[]] = [[], [], []]
  for (const item of group) {
    const quote = quoteOf(item, reading)
    if (quote instanceof ServiceError) mistakes.push({ line: item.line.number, error: quote })
    else if (results.push({ symbol: quote.symbol, quote })) good.push(item.line)
  }
  const reply = {
    provider: reading.provider ?? 'import',
    symbols: [...new Set(results.map(({ symbol }) => symbol))],
    request: reading.request,
    status: 200,
    body: joinLines([...reading.dialect.head, ...good]),
    receivedAt: reading.receivedAt,
    parserVersion: IMPORT_PARSER_VERSION,
  }
  return { reply, results, mistakes, lines: group.length }
}

function quoteOf({ label, fields }: Item, { provider, readRow, isOlder, receivedAt }: Reading): Quote | ServiceError {
  if (provider === undefined && fields !== undefined) {
    return new ServiceError('provider_bad_data', `not a valid provider name: ${label}`)
  }
  const result = importedResult(provider ?? '', readRow(fields))
  if ('error' in result) return result.error
  const { quote } = result
  if (isOlder(fields)) return new ServiceError('provider_bad_data', OLDER)
  if (quote.eventTime > receivedAt && validateQuote(quote, receivedAt) !== undefined) {
    return new ServiceError('provider_bad_data', `the time ${quote.eventTime} is in the future`)
  }
  return quote
}

const OLDER = 'an older revision of the time above: export with order=asc, or without the superseded prices'

/** Of two prices of one time the later line wins, so an export with all revisions has to end with the newest. */
function createRevisionCheck({ columns }: Dialect): Reading['isOlder'] {
  let [time, newest] = ['', 0]
  const { symbol, provider, currency, timestamp, revision } = columns
  return (fields = []) => {
    if (revision.length === 0) return false
    const current = [symbol, provider, currency, timestamp].map((column) => fieldOf(fields, column)).join(' ')
    const number = Number(fieldOf(fields, revision))
    const isOlder = current === time && number < newest
    ;[time, newest] = [current, number]
    return isOlder
  }
}
