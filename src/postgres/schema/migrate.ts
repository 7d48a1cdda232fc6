import { readdir, readFile } from 'node:fs/promises'
import type pg from 'pg'
import { ServiceError } from '../../errors.ts'
import { isPermissionDenied } from '../connection/errors.ts'
import { RENEW_DB_ROLES } from './grants.ts'
import { TABLES, type TableRecord } from './tables.ts'
import { assertWhole } from './unfinished.ts'

const FOLDER = new URL('../migrations/', import.meta.url)

/**
 * Brings the schema up to this program's version, and returns the names of the migrations that ran. Several processes may
 * call it at once: the first does the work under a lock, the others wait.
 * @throws ServiceError `conflict` if the schema is newer than this program, or the database is only partly filled
 */
export async function migrate(pool: pg.Pool): Promise<readonly string[]> {
  await assertWhole(pool)
  const [ours, executed] = await Promise.all([migrationNames(), executedNames(pool)])
  if (executed.some((name) => !ours.includes(name))) {
    throw new ServiceError('conflict', 'The database was created by a newer version of market-data: upgrade this one.')
  }
  const done = ours.length === executed.length ? [] : await runMigrations(pool, ours)
  await pool.query(RAISE_EPOCH)
  return done
}

/**
 * Creates the tables as they are after exactly these migrations, for rows that come from such tables. Tables of an older
 * version, which an interrupted transfer of that version left, are brought up to these migrations.
 * @throws ServiceError `conflict` if this program does not know one of them, or the database has tables of other migrations
 */
export async function migrateTo(pool: pg.Pool, names: readonly string[]): Promise<void> {
  const [ours, executed] = await Promise.all([migrationNames(), executedNames(pool)])
  if (names.some((name) => !ours.includes(name))) {
    throw new ServiceError('conflict', 'The source is of a newer version of market-data: upgrade this one.')
  }
  if (executed.length < names.length && isBeginning(executed, names)) await runMigrations(pool, names)
  else if (executed.join() !== names.join()) {
    throw new ServiceError('conflict', 'The tables and the source are of different versions: use a new database.')
  }
}

function isBeginning(some: readonly string[], all: readonly string[]): boolean {
  return some.every((name, at) => name === all[at])
}

/**
 * A dump that was restored on another server brings rows whose transaction ids that server has yet to reach: they would
 * count as not yet stable, and hide new rows. New rows then get a higher epoch; existing ones keep theirs. A row that the
 * snapshot shows was written before the snapshot's end, whatever is written at the same time.
 */
const RAISE_EPOCH = `
  update log_epoch e set epoch = e.epoch + 1
   where pg_snapshot_xmax(pg_current_snapshot()) <= greatest(${newestXids().join(', ')})`

/** The highest transaction id of the current epoch in each table that has such. */
function newestXids(): string[] {
  return TABLES.filter((table: TableRecord) => table.hasLogPosition).map(
    ({ name }) => `(select xid from ${name} t where t.epoch = e.epoch order by t.epoch desc, t.xid desc limit 1)`,
  )
}

/**
 * For commands that only read: they change no schema.
 * @throws ServiceError `conflict` if the tables are missing, or older or newer than this program
 */
export async function assertMigrated(pool: pg.Pool): Promise<void> {
  await assertWhole(pool)
  const [ours, executed] = await Promise.all([migrationNames(), executedNames(pool)])
  if (ours.join() === executed.join()) return
  throw new ServiceError(
    'conflict',
    'The tables are not of this version of market-data: start the service, or run market-data migrate.',
  )
}

/** Kysely is loaded only when it has something to do: loading it takes a tenth of a second of every start. */
async function runMigrations(pool: pg.Pool, names: readonly string[]): Promise<readonly string[]> {
  const { Kysely, PostgresDialect, sql } = await import('kysely')
  const { Migrator } = await import('kysely/migration')
  const texts = await Promise.all(names.map((name) => readFile(new URL(`${name}.sql`, FOLDER), 'utf8')))
  const migrations = names.map((name, i) => {
    const up = async (db: InstanceType<typeof Kysely>) => {
      await sql.raw(texts[i] ?? '').execute(db)
      // The rights are part of the one transaction of all migrations: a process that is killed leaves no table without them.
      if (name === names.at(-1)) await sql.raw(RENEW_DB_ROLES).execute(db)
    }
    return [name, { up }] as const
  })
  const provider = { getMigrations: () => Promise.resolve(Object.fromEntries(migrations)) }
  // Destroying Kysely would end our pool, so it is never destroyed.
  const migrator = new Migrator({ db: new Kysely({ dialect: new PostgresDialect({ pool }) }), provider })
  const { error, results } = await migrator.migrateToLatest()
  if (isPermissionDenied(error)) {
    const detail = 'The tables are of an older version, and this user may not change them: run market-data migrate.'
    throw new ServiceError('conflict', detail, { cause: error })
  }
  if (error !== undefined) throw error
  return results?.map((result) => result.migrationName) ?? []
}

async function migrationNames(): Promise<string[]> {
  const files = (await readdir(FOLDER)).filter((name) => name.endsWith('.sql'))
  return files.map((name) => name.slice(0, -'.sql'.length)).toSorted((a, b) => a.localeCompare(b))
}

/** The names of the migrations that created the tables of a database, in their order. */
export async function executedNames(client: pg.Pool | pg.ClientBase): Promise<string[]> {
  const exists = await client.query(`select to_regclass('kysely_migration') is not null as known`)
  if (!exists.rows[0].known) return []
  const { rows } = await client.query<{ name: string }>('select name from kysely_migration order by name')
  return rows.map((row) => row.name)
}
