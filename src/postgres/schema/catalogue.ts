import type pg from 'pg'
import { longRead } from '../connection/transaction.ts'
import { TABLES, type TableRecord } from './tables.ts'

/** A table of a database, as its catalogue describes it. */
export type Table = {
  readonly name: string
  /** The columns that are written; PostgreSQL computes the others from them. */
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  /** The columns of the primary key, in its order. */
  readonly key: readonly string[]
  /** The column that PostgreSQL numbers, and the sequence of the numbers. */
  readonly identity: string | null
  readonly sequence: string | null
  /** The last number that was assigned; null also for a user without rights on the sequence. */
  readonly lastId: string | null
}

/** The tables to copy that exist, in an order in which they can be written. */
export async function describeTables(client: pg.Pool | pg.ClientBase): Promise<readonly Table[]> {
  const copied: readonly TableRecord[] = TABLES.filter((table) => table.copied)
  const names = copied.map(({ name }) => name)
  const generatedIds = copied.map(({ generatedId }) => generatedId ?? null)
  const { rows } = await client.query<Table>(DESCRIBE_TABLES, [names, generatedIds])
  return rows
}

const DESCRIBE_TABLES = `
  select t.name, columns.list as columns, key.list as key, t.identity, numbers.sequence,
         pg_sequence_last_value(numbers.sequence::regclass)::text as "lastId"
    from unnest($1::text[], $2::text[]) with ordinality as t (name, identity, n)
    join pg_class c on c.oid = to_regclass(t.name)
   cross join lateral (
      select json_agg(json_build_object('name', attname, 'type', format_type(atttypid, atttypmod)) order by attnum) as list
        from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = '') as columns
   cross join lateral pg_get_serial_sequence(t.name, t.identity) as numbers (sequence)
   cross join lateral (
      select json_agg(a.attname order by k.n) as list
        from pg_index i cross join unnest(i.indkey) with ordinality as k (attnum, n)
        join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
       where i.indrelid = c.oid and i.indisprimary) as key
   order by t.n`

export async function countRows(client: pg.ClientBase, table: string): Promise<number> {
  const { rows } = await client.query<{ count: string }>(longRead(`select count(*) from ${table}`))
  return Number(rows[0]?.count)
}
