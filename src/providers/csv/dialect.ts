import { parse } from 'csv-parse/sync'
import { readHeader, plainName, type Header, type Problem } from './header.ts'
import { createLineSplitter, joinLines, type CsvLine } from './lines.ts'
import type { CsvOptions } from './options.ts'
import { recogniseDecimalComma } from './price.ts'
import { DELIMITERS, looksLikeOther, recogniseLineEnd, type Delimiter, type Shape } from './shape.ts'

/** How a file is written. */
export type Dialect = Header & {
  readonly shape: Shape
  /** The lines before the first price: the header, and what stands before it. */
  readonly head: readonly CsvLine[]
  /** How many fields a line may have. */
  readonly width: { readonly min: number; readonly max: number }
  readonly decimalComma: boolean
}

/** The beginning of a file. */
export type Beginning = { readonly bytes: Buffer; readonly isWhole: boolean }

type Reading = {
  readonly options: CsvOptions
  /** Of a file that is new. What was stored before is read by its options alone, as it was read then. */
  readonly isStrict: boolean
}

const SAMPLE_LINES = 200
const SEP = /^\uFEFF?"?sep=(.)"?$/i

/**
 * Recognises how a file is written from its first 64 KiB, as far as the options do not state it.
 * @throws Error that says what was found and what is needed
 */
export function recogniseDialect(beginning: Beginning, reading: Reading): Dialect {
  const lineEnd = recogniseLineEnd(beginning.bytes)
  const looks = looksLikeOther(beginning.bytes)
  if (looks !== undefined) throw new Error(looks)
  const attempts = delimitersOf(beginning.bytes, reading).map((delimiter) =>
    attempt(beginning, { lineEnd, delimiter }, reading),
  )
  attempts.sort((one, other) => other.fields.length - one.fields.length)
  const understood = attempts.find(({ header }) => !('why' in header))
  const [best] = attempts
  if (best === undefined || best.head.length === 0)
    throw new Error(beginning.isWhole ? 'it is empty' : 'line 1 is too long')
  if (understood === undefined || 'why' in understood.header) throw new Error(problemText(best))
  return dialectOf(understood, understood.header, reading)
}

function delimitersOf(bytes: Buffer, { options, isStrict }: Reading): readonly Delimiter[] {
  if (options.delimiter !== undefined || !isStrict) return [options.delimiter ?? ',']
  const [line = ''] = bytes.subarray(0, 20).toString().split(/\r|\n/, 1)
  const stated = DELIMITERS.find(({ character }) => character === SEP.exec(line.trimEnd() || line)?.[1])
  return stated === undefined ? DELIMITERS.map(({ character }) => character) : [stated.character]
}

type Attempt = {
  readonly shape: Shape
  readonly head: readonly CsvLine[]
  readonly fields: readonly string[]
  readonly header: Header | Problem
  readonly rows: readonly (readonly string[])[]
}

/** Reads the beginning as if this were its shape. */
function attempt(beginning: Beginning, shape: Shape, { options, isStrict }: Reading): Attempt {
  const lines = firstLines(beginning, shape)
  const before = lines.findIndex(({ text }) => !isPreamble(text.toString()))
  const names = rowOf(lines[before], shape)
  const ticker = tickerOf(
    names,
    lines.slice(before + 1, before + 3).map((line) => rowOf(line, shape)),
  )
  const fields = ticker === undefined ? names : [ticker.index, ...names.slice(1)]
  const after = before + (ticker === undefined ? 1 : 3)
  const header =
    ticker?.why === undefined ? readHeader(fields, { options, ticker: ticker?.name, isStrict }) : { why: ticker.why }
  const rows = lines.slice(after).map((line) => rowOf(line, shape))
  return { shape, head: before < 0 ? [] : lines.slice(0, after), fields, header, rows }
}

function firstLines({ bytes, isWhole }: Beginning, shape: Shape): readonly CsvLine[] {
  const lines: CsvLine[] = []
  for (const line of createLineSplitter(shape)(bytes, isWhole)) {
    if (lines.push(line) >= SAMPLE_LINES) break
  }
  return lines
}

/** Excel's first line, or a comment. */
function isPreamble(line: string): boolean {
  return SEP.test(line) || line.startsWith('#')
}

/** Of the three lines that newer versions of yfinance write: names, symbols, and the name of the first column. */
function tickerOf([first = '']: readonly string[], below: readonly (readonly string[])[]) {
  const [[ticker = '', ...tickers] = [], [index = ''] = []] = below
  if (plainName(first) !== 'price' || plainName(ticker) !== 'ticker') return undefined
  if (!['date', 'datetime'].includes(plainName(index))) return undefined
  const names = [...new Set(tickers)]
  if (names.length === 1) return { index, name: names[0] }
  return {
    index,
    why: `the header has several symbols beside each other (${names.join(', ')}): write one file for each`,
  }
}

function rowOf(line: CsvLine | undefined, shape: Shape): readonly string[] {
  if (line === undefined) return []
  try {
    return parseFields([line], shape)[0] ?? []
  } catch {
    return []
  }
}

/** The fields of each line, without the spaces around them. @throws Error if the lines are not CSV */
export function parseFields(lines: readonly CsvLine[], { delimiter }: Shape): readonly (readonly string[])[] {
  return parse(joinLines(lines), {
    delimiter,
    record_delimiter: '\n',
    bom: true,
    trim: true,
    skip_empty_lines: true,
    relax_column_count: true,
  })
}

function dialectOf({ shape, head, fields, rows }: Attempt, header: Header, { options, isStrict }: Reading): Dialect {
  const [at = 0] = header.columns.price
  const prices = rows.flatMap((row) => row[at] ?? [])
  const decimalComma = options.decimalComma ?? (isStrict && recogniseDecimalComma(prices))
  return { ...header, shape, head, width: widthOf(fields, rows[0] ?? []), decimalComma }
}

/** Some programs end the header with a comma, and some only the lines below it. */
function widthOf(fields: readonly string[], first: readonly string[]): Dialect['width'] {
  const max = fields.length
  if (first.length === max + 1 && first.at(-1) === '') return { min: max + 1, max: max + 1 }
  return { min: fields.findLastIndex((name) => name !== '') + 1, max }
}

function problemText({ head, header, shape }: Attempt): string {
  const line = head.at(-1)
  const looks = looksText(line?.text.toString() ?? '', shape)
  return `line ${line?.number ?? 1}: ${'why' in header ? header.why : ''}${looks === '' ? '' : ` (${looks})`}`
}

/** What separates the columns, unless it is what everybody expects. */
function looksText(line: string, { delimiter }: Shape): string {
  const counts = DELIMITERS.map(({ character, plural }) => ({
    character,
    plural,
    count: line.split(character).length - 1,
  }))
  const [most] = counts.toSorted((one, another) => another.count - one.count)
  if (most === undefined || most.count === 0) return 'this looks like one column'
  return most.character === ',' && delimiter === ',' ? '' : `this looks separated by ${most.plural}`
}
