import type pg from 'pg'
import { readPages } from '../connection/cursor.ts'
import type { Table } from '../schema/catalogue.ts'

// A row is transferred as a line: a JSON array of its table's name and of its columns as PostgreSQL writes them. Nothing is
// lost in a conversion, and each line names its table.

/** Bytes that are written within about 200 ms. */
const SLICE_BYTES = 512 * 1024
const SLICE_ROWS = 5_000
/** Rows of the first slice: bodies may be large, and how many fit is known only after it. */
const FIRST_ROWS = 20

/** The rows of a table in the order of its key, a slice in memory at a time; inside a transaction only. */
export async function* readRows(client: pg.ClientBase, table: Table, signal: AbortSignal): AsyncGenerator<string[]> {
  let size = FIRST_ROWS
  const query = `select ${lineOf(table)} as line from ${table.name} order by ${keyOf(table)}`
  for await (const rows of readPages<{ line: string }>(client, query, { size: () => size, signal })) {
    const lines = rows.map(({ line }) => line)
    yield lines
    const bytes = lines.reduce((sum, line) => sum + line.length, 0)
    size = Math.max(1, Math.min(SLICE_ROWS, Math.floor((lines.length * SLICE_BYTES) / bytes)))
  }
}

/** Lines in slices, each of one table and about as large as the slices of `readRows`. */
export async function* slicesOf(lines: AsyncIterable<string>): AsyncGenerator<string[]> {
  let slice: string[] = []
  let bytes = 0
  for await (const line of lines) {
    const isFull = slice.length >= SLICE_ROWS || bytes >= SLICE_BYTES
    if (isFull || (slice[0] !== undefined && tableOfLine(slice[0]) !== tableOfLine(line))) {
      yield slice
      slice = []
      bytes = 0
    }
    slice.push(line)
    bytes += line.length
  }
  if (slice.length > 0) yield slice
}

/** The name of the table of a row; undefined if the line is no row. */
export function tableOfLine(line: string): string | undefined {
  return /^\["(\w+)"/.exec(line)?.[1]
}

/** Writes rows of one table; rows with the same key are replaced. */
export async function writeRows(pool: pg.Pool, table: Table, lines: readonly string[]): Promise<void> {
  const { name, columns, key, identity } = table
  const values = columns.map(({ type }, at) => `(line ->> ${at + 1})::${type}`)
  // PostgreSQL refuses to change a number that it generated; like the key, it is already the same.
  const others = columns.filter((column) => !key.includes(column.name) && column.name !== identity)
  const changes = others.map((column) => `"${column.name}" = excluded."${column.name}"`).join(', ')
  await pool.query(
    `insert into ${name} (${columns.map((column) => `"${column.name}"`).join(', ')}) overriding system value
     select ${values.join(', ')} from jsonb_array_elements($1::jsonb) as lines (line)
     on conflict (${keyOf(table)}) do ${changes === '' ? 'nothing' : `update set ${changes}`}`,
    [`[${lines.join(',')}]`],
  )
}

/** The SQL of a row's line. */
export function lineOf({ name, columns }: Table): string {
  return `json_build_array('${name}', ${columns.map((column) => `"${column.name}"::text`).join(', ')})::text`
}

/** The columns of the key, in order. */
export function keyOf({ key }: Table): string {
  return key.map((name) => `"${name}"`).join(', ')
}
