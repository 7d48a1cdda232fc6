import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, type TestContext } from 'node:test'
import pg from 'pg'
import { startEmbedded } from '../../src/postgres/embedded/server.ts'
import { migrate } from '../../src/postgres/schema/migrate.ts'
import { createPool, type Connection } from '../../src/postgres/connection/pool.ts'
import { binaries, copyCluster, dataRoot } from './test-data.ts'

const TEMPLATE = 'market_data_template'

/** A fresh database with the current schema, cloned from a template; dropped when the test ends. */
export async function createDatabase(t: TestContext, size = 16): Promise<pg.Pool> {
  const connection = await createDatabaseConnection(t)
  const pool = createPool(connection, { size, onError: () => {} })
  t.after(() => pool.end())
  return pool
}

/** The same, for code that opens its own connections, such as a service process. */
export function createDatabaseConnection(t: TestContext): Promise<Connection> {
  return createFrom(TEMPLATE, t)
}

/** A database without any table. */
export function createEmptyDatabase(t: TestContext): Promise<Connection> {
  return createFrom('template0', t)
}

async function createFrom(template: string, t: TestContext): Promise<Connection> {
  const server = await testServer()
  const name = `test_${randomBytes(6).toString('hex')}`
  // A copy of the files costs half of one that goes through the WAL.
  await administer(server, `create database ${name} template ${template} strategy file_copy`)
  // `t.after` hooks run in the order of their creation: the pool of `createDatabase` ends later, so its sessions are cut.
  t.after(() => administer(server, `drop database if exists ${name} with (force)`))
  return onDatabase(server, name)
}

/** The URL of the same database for a new member of a role. */
export async function createUser(t: TestContext, connection: Connection, role: string): Promise<string> {
  const server = await testServer()
  const url = new URL(urlOf(connection))
  url.username = `test_${randomBytes(6).toString('hex')}`
  url.password = 'of-a-test'
  await administer(server, `create role ${url.username} login password '${url.password}' in role ${role}`)
  // By then the database has been dropped, and its grants with it.
  t.after(() => administer(server, `drop role ${url.username}`))
  return url.href
}

/** The connection as a DATABASE_URL. */
export function urlOf(connection: Connection): string {
  if (typeof connection === 'string') return connection
  const { host, port, user, database } = connection
  return `postgres://${user}@localhost/${database}?host=${encodeURIComponent(host)}&port=${port}`
}

/** Starts the server of a test run; the test processes receive its connection in an environment variable. */
export async function startTestServer(): Promise<{ connection: Connection; stop(): Promise<void> }> {
  const given = process.env['DATABASE_URL']
  const own = given ? undefined : await startOwnServer()
  const connection = given ?? own?.connection
  if (connection === undefined) throw new Error('no test server')
  await makeTemplate(connection)
  return { connection, stop: async () => own?.stop() }
}

let own: ReturnType<typeof startTestServer> | undefined
after(async () => (await own)?.stop())

/** A single file run by hand has no global set-up: it starts a server of its own. */
async function testServer(): Promise<Connection> {
  const shared = process.env['TEST_POSTGRES']
  if (shared) return JSON.parse(shared) as Connection
  own ??= startTestServer()
  return (await own).connection
}

async function startOwnServer() {
  const state = mkdtempSync(join(dataRoot(), 'market-data-test-'))
  // Under root, PostgreSQL runs as another account, which must be able to enter.
  chmodSync(state, 0o755)
  copyCluster(state)
  const embedded = await startEmbedded({
    state,
    binaries,
    log: () => {},
    // A test server's data is thrown away; the crash tests start their own, which keeps its promises.
    settings: {
      fsync: 'off',
      synchronous_commit: 'off',
      full_page_writes: 'off',
      max_connections: '200',
      max_prepared_transactions: '2',
    },
  })
  const stop = async () => {
    await embedded.stop()
    rmSync(state, { recursive: true, force: true })
  }
  return { connection: embedded.connection, stop }
}

async function makeTemplate(server: Connection): Promise<void> {
  await administer(server, `drop database if exists ${TEMPLATE} with (force)`)
  await administer(server, `create database ${TEMPLATE}`)
  const pool = createPool(onDatabase(server, TEMPLATE), { size: 2, onError: () => {} })
  await migrate(pool)
  await pool.end()
}

function onDatabase(server: Connection, name: string): Connection {
  if (typeof server !== 'string') return { ...server, database: name }
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.href
}

async function administer(server: Connection, statement: string): Promise<void> {
  const client = new pg.Client(typeof server === 'string' ? { connectionString: server } : server)
  await client.connect()
  await client.query(statement)
  await client.end()
}
