import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type pg from 'pg'
import { createDbRoles } from '../../../src/postgres/schema/grants.ts'
import { migrate } from '../../../src/postgres/schema/migrate.ts'
import {
  DB_ROLES,
  PUBLIC_VIEWS,
  rightsOf,
  TABLES,
  type DbRole,
  type TableRecord,
} from '../../../src/postgres/schema/tables.ts'
import { createDatabase } from '../../support/database.ts'
import { until } from '../../support/until.ts'

// The database's catalogue is compared with the records: a new table without its record is named here.

const FILE = 'src/postgres/schema/tables.ts'
const RECORDS: readonly TableRecord[] = TABLES

async function namesOf(pool: pg.Pool, kind: 'r' | 'v'): Promise<readonly string[]> {
  const { rows } = await pool.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = any($1) order by 1`,
    [kind === 'r' ? ['r', 'p'] : [kind]],
  )
  return rows.map(({ name }) => name)
}

test('every table of the schema has a record, and every record its table', async (t) => {
  const tables = new Set(await namesOf(await createDatabase(t), 'r'))
  const records = new Set(RECORDS.map(({ name }) => name))
  const missing = [...tables.difference(records)].map(
    (name) => `${FILE} lacks a line in TABLES: { name: '${name}', copied: …, readBy: SERVICE, writtenBy: { … } }`,
  )
  const stale = [...records.difference(tables)].map((name) => `${FILE} has a line for '${name}', which is no table`)
  assert.deepEqual([...missing, ...stale], [])
  assert.equal(records.size, RECORDS.length)
})

test('every view of the schema is one of the public views', async (t) => {
  const views = await namesOf(await createDatabase(t), 'v')
  assert.deepEqual(views, PUBLIC_VIEWS.toSorted())
})

const DESCRIBE_COLUMNS = `
  select c.relname as name,
         array_agg(a.attname::text) @> '{epoch,xid}' as "hasLogPosition",
         max(a.attname::text) filter (where a.attidentity <> '') as "generatedId"
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
   where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
   group by 1`

test('a table with an epoch and a transaction id is recorded to have a log position, and a numbered column as such', async (t) => {
  const pool = await createDatabase(t)
  const { rows } = await pool.query<{ name: string; hasLogPosition: boolean; generatedId: string | null }>(
    DESCRIBE_COLUMNS,
  )
  const wrong = RECORDS.flatMap(({ name, hasLogPosition = false, generatedId = null }) => {
    const actual = rows.find((row) => row.name === name)
    const expected = { name, hasLogPosition, generatedId }
    const isRight = actual?.hasLogPosition === hasLogPosition && actual.generatedId === generatedId
    return isRight ? [] : [{ line: `${FILE}: '${name}'`, expected, actual }]
  })
  assert.deepEqual(wrong, [])
})

test('a table that is copied refers to no table that is not, and comes after those that it refers to', async (t) => {
  const pool = await createDatabase(t)
  const { rows } = await pool.query<{ child: string; parent: string }>(
    `select conrelid::regclass::text as child, confrelid::regclass::text as parent from pg_constraint where contype = 'f'`,
  )
  const copied = RECORDS.filter((record) => record.copied).map(({ name }) => name)
  const wrong = rows.filter(
    ({ child, parent }) => copied.includes(child) && !copied.slice(0, copied.indexOf(child)).includes(parent),
  )
  assert.ok(rows.length > 0)
  assert.deepEqual(wrong, [])
})

type Privileges = { readonly role: DbRole; readonly name: string; readonly rights: readonly string[] }

/** What each role may do with each table: for the whole of it, or for a column only. */
const PRIVILEGES = `
  select role, c.relname as name, array(
           select right_name from unnest('{select,insert,update,delete,truncate,references,trigger}'::text[]) as r (right_name)
            where has_table_privilege(role, c.oid, right_name)
           union all
           select format('%s (%s)', right_name, a.attname)
             from pg_attribute a cross join unnest('{select,insert,update,references}'::text[]) as r (right_name)
            where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
              and not has_table_privilege(role, c.oid, right_name)
              and has_column_privilege(role, c.oid, a.attnum, right_name)
         ) as rights
    from unnest($1::text[]) as roles (role)
   cross join pg_class c
   where c.relnamespace = 'public'::regnamespace and c.relkind = $2`

/** Roles belong to the server, and another test may be creating the same ones. */
async function createRoles(t: TestContext): Promise<pg.Pool> {
  const pool = await createDatabase(t, 2)
  const isDone = () =>
    createDbRoles(pool).then(
      () => true,
      (error) => (/concurrently|duplicate/.test(String(error)) ? false : Promise.reject(error)),
    )
  await until(isDone, 'the roles exist')
  return pool
}

test('each database role may do exactly what the records say', async (t) => {
  const pool = await createRoles(t)
  const { rows } = await pool.query<Privileges>(PRIVILEGES, [DB_ROLES, 'r'])
  assert.ok(rows.length >= DB_ROLES.length * RECORDS.length)
  const wrong = rows.flatMap(({ role, name, rights }) => {
    const record = RECORDS.find((one) => one.name === name)
    const reads = record?.readBy.includes(role) ? ['select'] : []
    const expected = record === undefined ? [] : [...reads, ...rightsOf(role, record)]
    const isRight = rights.toSorted().join() === expected.toSorted().join()
    return isRight ? [] : [{ line: `${FILE}: '${name}'`, role, expected, actual: rights }]
  })
  assert.deepEqual(wrong, [])
})

test('each database role reads the public views, and changes none', async (t) => {
  const pool = await createRoles(t)
  const { rows } = await pool.query<Privileges>(PRIVILEGES, [DB_ROLES, 'v'])
  assert.deepEqual(
    rows.filter(({ rights }) => rights.join() !== 'select'),
    [],
  )
  assert.equal(rows.length, DB_ROLES.length * PUBLIC_VIEWS.length)
})

test('a row whose transaction id the server has yet to reach raises the epoch, in whichever table it is', async (t) => {
  const pool = await createDatabase(t)
  const { rows } = await pool.query<{ next: string }>('select pg_snapshot_xmax(pg_current_snapshot()) as next')
  const future = String(BigInt(rows[0]!.next) + 1_000_000_000n)
  await pool.query(`insert into log_positions (reader, epoch, xid, id) values ('relay', 1, $1, 1)`, [future])
  await migrate(pool)
  await migrate(pool)
  assert.deepEqual((await pool.query('select epoch from log_epoch')).rows, [{ epoch: 2 }])
})
