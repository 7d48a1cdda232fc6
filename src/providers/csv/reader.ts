import { ServiceError } from '../../errors.ts'
import { parseFields, recogniseDialect, type Beginning, type Dialect } from './dialect.ts'
import { createLineSplitter, type CsvLine } from './lines.ts'
import type { CsvOptions } from './options.ts'
import type { CsvSource } from './source.ts'

/** A CSV file whose header is understood. */
export type CsvReader = {
  readonly dialect: Dialect
  /** The lines below the header, once. @throws ServiceError `invalid_request` if the file cannot be read further */
  readonly lines: AsyncGenerator<CsvLine, void>
}

/** Reads the header. @throws ServiceError `invalid_request` that says what was found and what is needed */
export async function openCsvReader(source: CsvSource, options: CsvOptions): Promise<CsvReader> {
  const parts = source.read()
  const first = await parts.next()
  const beginning = await beginningOf(first.value ?? Buffer.alloc(0), parts)
  const dialect = understood(source, () => recogniseDialect(beginning, { options, isStrict: true }))
  return { dialect, lines: linesOf(source, dialect, { beginning, parts }) }
}

/** Only how it is written. @throws as `openCsvReader` */
export async function readDialect(source: CsvSource, options: CsvOptions): Promise<Dialect> {
  const { dialect, lines } = await openCsvReader(source, options)
  for await (const _ of lines) break
  return dialect
}

/** The first part, and whether it is all; then the next is asked for to know. */
async function beginningOf(bytes: Buffer, parts: AsyncGenerator<Buffer, void>): Promise<Beginning & { next?: Buffer }> {
  const next = await parts.next()
  return next.done === true ? { bytes, isWhole: true } : { bytes, isWhole: false, next: next.value }
}

type Rest = { readonly beginning: Beginning & { next?: Buffer }; readonly parts: AsyncIterable<Buffer> }

async function* linesOf(source: CsvSource, { shape, head }: Dialect, rest: Rest): AsyncGenerator<CsvLine, void> {
  const split = createLineSplitter(shape)
  let left = head.length
  for await (const { bytes, isLast } of withLast(rest)) {
    for (const line of understood(source, () => [...split(bytes, isLast)])) {
      if (left > 0) left -= 1
      else yield line
    }
  }
}

/** Each part, and whether it is the last: a line without a line end is complete only there. */
async function* withLast({ beginning, parts }: Rest): AsyncGenerator<{ bytes: Buffer; isLast: boolean }, void> {
  yield { bytes: beginning.bytes, isLast: beginning.isWhole }
  if (beginning.next !== undefined) yield { bytes: beginning.next, isLast: false }
  for await (const bytes of parts) yield { bytes, isLast: false }
  if (!beginning.isWhole) yield { bytes: Buffer.alloc(0), isLast: true }
}

function understood<T>({ name }: CsvSource, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new ServiceError('invalid_request', `${name} cannot be read: ${(error as Error).message}.`)
  }
}

/** The fields of a line; undefined for one that is not CSV, or has not as many fields as the header. */
export type Fields = readonly string[] | undefined

/** Of each line. */
export function fieldsOf(lines: readonly CsvLine[], { shape, width }: Dialect): readonly Fields[] {
  const all = parsed(lines)
  const rows: readonly Fields[] = all?.length === lines.length ? all : lines.map((line) => parsed([line])?.[0])
  return rows.map((row) => (row && row.length >= width.min && row.length <= width.max ? row : undefined))

  function parsed(some: readonly CsvLine[]) {
    try {
      return parseFields(some, shape)
    } catch {
      return undefined
    }
  }
}
