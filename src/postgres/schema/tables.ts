import type pg from 'pg'
import { longRead } from '../connection/transaction.ts'

/** What a database of ours holds, parents before their children. A table that is missing here would be lost in a move. */
export const CARRIED = [
  'series',
  'series_state',
  'raw_bodies',
  'raw_responses',
  'prices',
  'moving_averages',
  'log_positions',
  'polling_jobs',
  'polling_runs',
  'dead_letters',
  'imports',
  'api_keys',
] as const

/** Who leads is found out anew, who is signed in signs in again, the epoch is raised, and what migrations ran is known from running them. */
export const LEFT_BEHIND = ['leases', 'api_sessions', 'log_epoch', 'kysely_migration', 'kysely_migration_lock'] as const

export type Table = {
  readonly name: string
  /** Those that are written; PostgreSQL computes the others from them. */
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  /** Of the primary key, in its order. */
  readonly key: readonly string[]
  /** The column that PostgreSQL numbers, and where the numbers come from. */
  readonly identity: string | null
  readonly sequence: string | null
  /** The last that was given; null also for a user without rights on the sequence. */
  readonly lastId: string | null
}

/** The tables to carry that there are, in an order in which they can be written. */
export async function describeTables(client: pg.Pool | pg.ClientBase): Promise<readonly Table[]> {
  const { rows } = await client.query<Table>(DESCRIBE_TABLES, [CARRIED])
  return rows
}

const DESCRIBE_TABLES = `
  select t.name, columns.list as columns, key.list as key, columns.identity, numbers.sequence,
         pg_sequence_last_value(numbers.sequence::regclass)::text as "lastId"
    from unnest($1::text[]) with ordinality as t (name, n)
    join pg_class c on c.oid = to_regclass(t.name)
   cross join lateral (
      select json_agg(json_build_object('name', attname, 'type', format_type(atttypid, atttypmod)) order by attnum) as list,
             max(attname::text) filter (where attidentity <> '') as identity
        from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = '') as columns
   cross join lateral pg_get_serial_sequence(t.name, columns.identity) as numbers (sequence)
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
