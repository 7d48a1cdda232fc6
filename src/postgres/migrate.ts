import { readdir, readFile } from 'node:fs/promises'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { Migrator, type Migration } from 'kysely/migration'
import type pg from 'pg'
import { ServiceError } from '../errors.ts'

const FOLDER = new URL('./migrations/', import.meta.url)

/**
 * Brings the schema up to this program's version; the names of the migrations that ran come back. Several processes may
 * call it at once: the first does the work under a lock, the others wait.
 * @throws ServiceError `conflict` where the schema is newer than this program
 */
export async function migrate(pool: pg.Pool): Promise<readonly string[]> {
  const migrations = await readMigrations()
  // Kysely would close our pool with itself, so it is never destroyed.
  const db = new Kysely({ dialect: new PostgresDialect({ pool }) })
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve(migrations) } })
  const known = new Set(Object.keys(migrations))
  if ((await executedNames(pool)).some((name) => !known.has(name))) {
    throw new ServiceError('conflict', 'The database was made by a newer version of market-data: upgrade this one.')
  }
  const { error, results } = await migrator.migrateToLatest()
  if (error !== undefined) throw error
  return results?.map((result) => result.migrationName) ?? []
}

/**
 * For commands that only read: they change no schema.
 * @throws ServiceError `conflict` where the tables are missing, or older or newer than this program
 */
export async function assertMigrated(pool: pg.Pool): Promise<void> {
  const [migrations, executed] = await Promise.all([readMigrations(), executedNames(pool)])
  if (Object.keys(migrations).toSorted().join() === executed.toSorted().join()) return
  throw new ServiceError(
    'conflict',
    'The tables are not of this version of market-data: start the service, or run market-data migrate.',
  )
}

async function readMigrations(): Promise<Record<string, Migration>> {
  const files = (await readdir(FOLDER)).filter((name) => name.endsWith('.sql')).toSorted()
  const texts = await Promise.all(files.map((name) => readFile(new URL(name, FOLDER), 'utf8')))
  return Object.fromEntries(files.map((name, i) => [name.slice(0, -'.sql'.length), runs(texts[i] ?? '')]))
}

function runs(text: string): Migration {
  return { up: async (db) => void (await sql.raw(text).execute(db)) }
}

async function executedNames(pool: pg.Pool): Promise<string[]> {
  const exists = await pool.query(`select to_regclass('kysely_migration') is not null as known`)
  if (!exists.rows[0].known) return []
  const { rows } = await pool.query<{ name: string }>('select name from kysely_migration')
  return rows.map((row) => row.name)
}
