import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { ServiceError } from '../../errors.ts'
import type { FileOffset, FileSlice, Survey } from '../../core/ingest/csv-import.ts'
import type { Instant } from '../../lib/instant.ts'
import type { QuoteResult } from '../../core/prices/quote.ts'
import type { CsvRow } from './row.ts'
import { IMPORT_PARSER_VERSION, importedName, importedResult, parseCsv } from './imported.ts'

type Needs = {
  /** With a header: `symbol`, `timestamp`, `price` and optionally `currency` and `provider`; other columns are ignored. */
  readonly file: string
  /** The provider of lines that name none, as `importedName` returns it. */
  readonly provider: string
  readonly receivedAt: Instant
}

type Line = { readonly number: number; readonly text: Buffer }

/** Small enough to be stored within about 200 ms. */
const SLICE = 1_000
const LONGEST_LINE = 65_536
const LINE_END = Buffer.from('\n')
const REQUIRED = ['symbol', 'timestamp', 'price']

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
 * that begins with the header, so that its bytes can be read alone. A field cannot continue on the next line.
 * @throws ServiceError `invalid_request` if the file cannot be read, or its header lacks a column
 */
export async function* readImportFile(needs: Needs, behind: FileOffset | undefined): AsyncGenerator<FileSlice> {
  const { header, lines, walked } = await openFile(needs)
  let batch: Line[] = []
  const slices = function* (): Generator<FileSlice> {
    for (const group of groupByProvider(header, batch)) {
      for (const { line } of group.rows) walked.add(line)
      yield { ...sliceOf(needs, header, group), end: walked.offset() }
    }
    batch = []
  }
  for await (const line of lines) {
    if (walked.lines() < (behind?.lines ?? 0)) walked.add(line)
    else if (batch.push(line) === SLICE) yield* slices()
  }
  yield* slices()
}

async function openFile(needs: Needs) {
  const lines = readLines(needs)
  const { value: header } = await lines.next()
  if (header === undefined) throw badFile(needs, 'it is empty')
  // The header parsed as a row gives its own names.
  const names = Object.keys(rowsOf(header, [header])?.[0] ?? {})
  const missing = REQUIRED.filter((name) => !names.includes(name))
  if (missing.length === 0) return { header, lines, walked: createWalk(header) }
  throw badFile(needs, `line ${header.number}: the header has no ${missing.join(' and no ')}`)
}

/** The position in the file, line by line. */
function createWalk(header: Line) {
  const hash = createHash('sha256')
  const take = ({ text }: Line) => void hash.update(text).update(LINE_END)
  take(header)
  let lines = 0
  return {
    add: (line: Line) => {
      take(line)
      lines += 1
    },
    lines: () => lines,
    offset: (): FileOffset => ({ lines, sha256: hash.copy().digest('hex') }),
  }
}

type Row = { readonly line: Line; readonly row: CsvRow | undefined }
type Group = { readonly label: string | undefined; readonly rows: Row[] }

/** The lines in their order, split where the provider changes. */
function groupByProvider(header: Line, lines: readonly Line[]): readonly Group[] {
  const rows = rowsOf(header, lines) ?? lines.map((line) => rowsOf(header, [line])?.[0])
  const groups: Group[] = []
  for (const [at, line] of lines.entries()) {
    const row = rows[at]
    const label = row?.['provider'] || undefined
    const group = groups.at(-1)
    if (group !== undefined && group.label === label) group.rows.push({ line, row })
    else groups.push({ label, rows: [{ line, row }] })
  }
  return groups
}

function sliceOf(needs: Needs, header: Line, { label, rows }: Group): Omit<FileSlice, 'end'> {
  const name = label === undefined ? needs.provider : importedName(label)
  const provider = name ?? needs.provider
  const results = rows.map(({ row }) => {
    if (name === undefined) return refused(`not a valid provider name: ${label}`)
    return row === undefined
      ? refused('not a CSV line with as many fields as the header')
      : importedResult(provider, row)
  })
  const reply = {
    provider,
    symbols: [...new Set(results.map(({ symbol }) => symbol))],
    request: `import ${basename(needs.file)}`,
    status: 200,
    body: bodyOf([header, ...rows.map(({ line }) => line)]),
    receivedAt: needs.receivedAt,
    parserVersion: IMPORT_PARSER_VERSION,
  }
  return { reply, results, lines: rows.map(({ line }) => line.number) }
}

/** Undefined unless each line is a row of its own. */
function rowsOf(header: Line, lines: readonly Line[]): readonly CsvRow[] | undefined {
  try {
    const rows = parseCsv(bodyOf([header, ...lines]))
    return rows.length === lines.length ? rows : undefined
  } catch {
    return undefined
  }
}

function bodyOf(lines: readonly Line[]): Buffer {
  return Buffer.concat(lines.flatMap(({ text }) => [text, LINE_END]))
}

function refused(message: string): QuoteResult {
  return { symbol: '', error: new ServiceError('provider_bad_data', message) }
}

/** The lines that are not blank, without their line ends. */
async function* readLines(needs: Needs): AsyncGenerator<Line, void> {
  let [rest, number]: [Buffer, number] = [Buffer.alloc(0), 0]
  for await (const chunk of chunksOf(needs)) {
    const text = Buffer.concat([rest, chunk])
    let from = 0
    for (let to = text.indexOf(LINE_END); to >= 0; to = text.indexOf(LINE_END, from)) {
      number += 1
      const line = text.subarray(from, to)
      if (!isBlank(line)) yield { number, text: withoutReturn(line) }
      from = to + 1
    }
    rest = text.subarray(from)
    if (rest.length > LONGEST_LINE) throw badFile(needs, `line ${number + 1} is too long`)
  }
  if (!isBlank(rest)) yield { number: number + 1, text: withoutReturn(rest) }
}

async function* chunksOf(needs: Needs): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(needs.file) as AsyncIterable<Buffer>
  } catch (error) {
    throw badFile(needs, (error as Error).message)
  }
}

const RETURN = 0x0d

function withoutReturn(line: Buffer): Buffer {
  return line.at(-1) === RETURN ? line.subarray(0, -1) : line
}

function isBlank(line: Buffer): boolean {
  return withoutReturn(line).length === 0
}

function badFile({ file }: Needs, why: string): ServiceError {
  return new ServiceError('invalid_request', `${basename(file)} cannot be imported: ${why}.`)
}
