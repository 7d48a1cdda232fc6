import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startEmbedded } from '../src/postgres/embedded/server.ts'
import { migrate } from '../src/postgres/schema/migrate.ts'
import { createPool } from '../src/postgres/connection/pool.ts'
import { freePort } from '../test/support/free-port.ts'
import { parentOf } from './resource-usage.ts'

/** A database with our tables. */
export type Database = {
  readonly pool: pg.Pool
  readonly url: string
  readonly port: number
  readonly name: string
  /** The process that started all processes of the server. */
  readonly postmaster: number
}

/** Brings a database to the schema of a version. */
export type Migrate = typeof migrate

export type Server = AsyncDisposable & {
  /** @param by of another version, which would refuse the schema of this one */
  createDatabase(by?: Migrate): Promise<Database>
  /** The same data, row for row, with the schema of this version. Nobody may be connected to the original but its pool. */
  copyDatabase(original: Database): Promise<Database>
}

/** The defaults of PostgreSQL; the embedded server has smaller settings. Commits wait for the disk. */
const DEFAULTS = {
  listen_addresses: '127.0.0.1',
  max_connections: '100',
  shared_buffers: '128MB',
  max_wal_size: '1GB',
  wal_level: 'replica',
  max_wal_senders: '10',
  max_worker_processes: '8',
  autovacuum_max_workers: '3',
  autovacuum_naptime: '60s',
  io_method: 'worker',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
}

/** A PostgreSQL server with default settings over TCP, as in a separate installation. */
export async function startServer(): Promise<Server> {
  await using parts = new AsyncDisposableStack()
  const state = parts.adopt(createFolder(), (folder) => rmSync(folder, { recursive: true, force: true }))
  const port = await freePort()
  const settings = { ...DEFAULTS, port: String(port) }
  const embedded = await startEmbedded({ state, binaries: BINARIES, log: () => {}, settings })
  parts.defer(() => embedded.stop())
  const started = parts.move()
  let databases = 0
  const create = async (template: string, by: Migrate = migrate) => {
    const name = `bench_${++databases}`
    await administer(port, `create database ${name} template ${template}`)
    const url = `postgres://postgres@127.0.0.1:${port}/${name}`
    const pool = started.adopt(createPool(url, { size: 16, onError: () => {} }), (open) => open.end())
    await by(pool)
    return { pool, url, port, name, postmaster: await postmasterOf(pool) }
  }
  const copyDatabase = async ({ name }: Database) => {
    await administer(port, `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`)
    return create(name)
  }
  return {
    createDatabase: (by) => create('template1', by),
    copyDatabase,
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  }
}

/** One copy of the program, shared by all servers and runs. */
const BINARIES = join(tmpdir(), `market-data-bench-binaries-${process.getuid?.()}`)

/** Readable by every account: as root, we run PostgreSQL under another one. */
export function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'market-data-bench-'))
  chmodSync(folder, 0o755)
  return folder
}

async function postmasterOf(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ pid: number }>('select pg_backend_pid() as pid')
  return parentOf(rows[0]?.pid ?? 0)
}

async function administer(port: number, statement: string): Promise<void> {
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' })
  await client.connect()
  await client.query(statement)
  await client.end()
}
