import type pg from 'pg'
import { keyOf, lineOf } from './rows.ts'
import type { Table } from '../schema/catalogue.ts'

/** The values of a row's primary key, as PostgreSQL writes them. */
export type Key = readonly string[]

const SLICE = 5_000

/** The next keys of a table, in order. */
export async function keysAfter(pool: pg.Pool, table: Table, after: Key | undefined): Promise<readonly Key[]> {
  const columns = table.key.map((name) => `"${name}"::text`).join(', ')
  const { rows } = await pool.query<{ key: Key }>(
    `select array[${columns}] as key from ${table.name}
      where ${after === undefined ? 'true' : `(${keyOf(table)}) > (${parameters(table, 1)})`} order by ${keyOf(table)} limit ${SLICE}`,
    [...(after ?? [])],
  )
  return rows.map(({ key }) => key)
}

/** Those of the keys that the table does not have. */
export async function missingKeys(client: pg.ClientBase, table: Table, keys: readonly Key[]): Promise<readonly Key[]> {
  const { rows } = await client.query<{ key: Key }>(
    `select key from jsonb_array_elements($1::jsonb) as keys (key)
      where not exists (select from ${table.name} where (${keyOf(table)}) = (${valuesOfKey(table)}))`,
    [JSON.stringify(keys)],
  )
  return rows.map(({ key }) => key)
}

export async function deleteRows(pool: pg.Pool, table: Table, keys: readonly Key[]): Promise<void> {
  await pool.query(
    `delete from ${table.name} where (${keyOf(table)}) in (
       select ${valuesOfKey(table)} from jsonb_array_elements($1::jsonb) as keys (key))`,
    [JSON.stringify(keys)],
  )
}

type Slice = { readonly after: Key | undefined; readonly last: Key }

/** SHA-256, in hex, of the lines of the rows after one key up to another; null if there are none. */
export async function hashSlice(pool: pg.Pool, table: Table, { after, last }: Slice): Promise<string | null> {
  const from = after === undefined ? 'true' : `(${keyOf(table)}) > (${parameters(table, last.length + 1)})`
  const { rows } = await pool.query<{ hash: string | null }>(
    `select encode(sha256(convert_to(string_agg(line, e'\\n' order by ${keyOf(table)}), 'UTF8')), 'hex') as hash
       from (select ${lineOf(table)} as line, ${keyOf(table)} from ${table.name}
              where ${from} and (${keyOf(table)}) <= (${parameters(table, 1)})) as slice`,
    [...last, ...(after ?? [])],
  )
  return rows[0]?.hash ?? null
}

/** The key of a row from its line, where the table's name precedes the columns. */
export function keyOfLine({ key, columns }: Table, line: string): Key {
  const [, ...values] = JSON.parse(line) as string[]
  return key.map((name) => values[columns.findIndex((column) => column.name === name)] ?? '')
}

function parameters(table: Table, first: number): string {
  return table.key.map((name, at) => `$${first + at}::${typeOf(table, name)}`).join(', ')
}

function valuesOfKey(table: Table): string {
  return table.key.map((name, at) => `(keys.key ->> ${at})::${typeOf(table, name)}`).join(', ')
}

function typeOf({ columns }: Table, name: string): string {
  return columns.find((column) => column.name === name)?.type ?? 'text'
}
