import assert from 'node:assert/strict'
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import test, { after, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { chooseDataDir } from '../../../src/postgres/embedded/data-dir.ts'
import { accountFor } from '../../../src/postgres/embedded/account.ts'
import { unpackBinaries } from '../../../src/postgres/embedded/binaries.ts'
import type { SocketConnection } from '../../../src/postgres/connection/pool.ts'
import { findRunning, startEmbedded } from '../../../src/postgres/embedded/server.ts'
import { reasonOf } from '../../../src/postgres/embedded/postmaster.ts'
import { dataFolder } from '../../../src/postgres/embedded/cluster.ts'
import { readPidFile } from '../../../src/postgres/embedded/pid-file.ts'
import { keepEmbedded } from '../../../src/postgres/embedded/keep.ts'
import { until } from '../../support/until.ts'

const isRoot = process.getuid?.() === 0
const binaries = join(tmpdir(), `market-data-test-binaries-${process.getuid?.()}`)

// Removed when all servers have stopped: the hooks of a test run in the order in which they were registered.
const folders: string[] = []
after(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })))

test('what it acknowledged survives kill -9 of the holder, and the database never outlives the holder', async (t) => {
  const state = createFolder()
  const holder = startHolder(t, state)
  const acknowledged: number[] = []
  let postmaster = 0
  for await (const line of createInterface({ input: holder.stdout! })) {
    const [word, number] = line.split(' ')
    if (word === 'postmaster') postmaster = Number(number)
    else acknowledged.push(Number(number))
    if (acknowledged.length === 300) holder.kill('SIGKILL')
  }
  await until(() => !isAlive(postmaster), 'the postmaster is gone')

  const { connection } = await startFor(t, state)
  const { rows } = await query<{ n: number }>(connection, 'select n from acknowledged order by n')
  assert.ok(acknowledged.length >= 300)
  assert.deepEqual(new Set(acknowledged).difference(new Set(rows.map(({ n }) => n))), new Set())
})

test('a database that is killed alone is restarted at the same address with everything that it acknowledged', async (t) => {
  const reasons: string[] = []
  const onExit = (reason: string) => reasons.push(reason)
  const state = createFolder()
  const kept = await keepEmbedded({ state, binaries, log: () => {}, onExit })
  t.after(() => kept.stop())
  await query(kept.connection, 'create table acknowledged (n int)')
  for (let round = 1; round <= 3; round++) {
    await query(kept.connection, `insert into acknowledged values (${round})`)
    const before = postmasterOf(state)
    process.kill(before, 'SIGKILL')
    await until(() => ![0, before].includes(postmasterOf(state)), 'another postmaster')
    const { rows } = await query<{ count: number }>(kept.connection, 'select count(*)::int from acknowledged')
    assert.deepEqual(rows, [{ count: round }])
  }
  assert.equal(reasons.length, 3)
  assert.match(reasons[0] ?? '', /ended with code 137/)

  const last = postmasterOf(state)
  await kept.stop()
  assert.equal(reasons.length, 3, 'a stop is not reported as a death')
  assert.equal(isAlive(last), false)
})

test('a stop during the wait for a restart is final', async (t) => {
  const state = createFolder()
  const died = Promise.withResolvers<string>()
  const kept = await keepEmbedded({ state, binaries, log: () => {}, onExit: died.resolve })
  process.kill(postmasterOf(state), 'SIGKILL')
  await died.promise
  await kept.stop()
  assert.equal(await findRunning(state), undefined)
  await startFor(t, state)
})

test('a second holder of the same directory is refused at once, and the first is untouched', async (t) => {
  const state = createFolder()
  const { connection } = await startFor(t, state)
  await assert.rejects(startEmbedded({ state, binaries, log: () => {} }), (error: Error) =>
    error.message.includes(state),
  )

  const holder = startHolder(t, state)
  const [code] = await once(holder, 'exit')
  assert.equal(code, 1)
  assert.deepEqual((await query(connection, 'select 1 as one')).rows, [{ one: 1 }])
})

test('a directory is free again after a start that failed', async (t) => {
  const state = createFolder()
  const wrong = startEmbedded({ state, binaries, log: () => {}, settings: { no_such_setting: '1' } })
  await assert.rejects(wrong, /no_such_setting/)
  await startFor(t, state)
})

test('a pid file that names another living program does not prevent the start, and that program survives', async (t) => {
  const state = createFolder()
  await (await startFor(t, state)).stop()
  const stranger = spawn('sleep', ['600'])
  t.after(() => stranger.kill())
  writeFileSync(join(state, 'pg18', 'postmaster.pid'), `${stranger.pid}\n/elsewhere\n1\n5432\n/nowhere\n\n\nready\n`)
  assert.equal(await findRunning(state), undefined)

  await startFor(t, state)
  assert.equal(stranger.exitCode, null)
  assert.ok(isAlive(stranger.pid!))
})

test('a database that outlived its holder is found and stopped', async (t) => {
  const state = createFolder()
  const orphan = await startOrphan(t, state)
  await startFor(t, state)
  assert.equal(isAlive(orphan.pid!), false)
})

test('a long query that outlived its killed database does not prevent the next start', async (t) => {
  const state = createFolder()
  const orphan = await startOrphan(t, state)
  const { host } = (await findRunning(state))!
  const client = new pg.Client({ host, user: 'postgres', database: 'postgres' })
  client.on('error', () => {})
  await client.connect()
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  const endless = client.query('select count(*) from generate_series(1, 10000000000)')
  await until(() => /\bSELECT\b/.test(commandOf(rows[0]!.pid)), 'the query runs')
  orphan.kill('SIGKILL')
  await once(orphan, 'exit')
  assert.ok(isAlive(rows[0]!.pid))

  await Promise.all([startFor(t, state), assert.rejects(endless)])
  assert.equal(isAlive(rows[0]!.pid), false)
})

test('another command finds the running database by its directory, and nothing if none runs', async (t) => {
  const state = createFolder()
  assert.equal(await findRunning(state), undefined)
  const embedded = await startFor(t, state)
  assert.deepEqual(await findRunning(state), embedded.connection)
  await embedded.stop()
  assert.equal(await findRunning(state), undefined)
})

test('it listens on no network, and its socket is private', async (t) => {
  const { connection } = await startFor(t, createFolder())
  assert.deepEqual((await query(connection, 'show listen_addresses')).rows, [{ listen_addresses: '' }])
  assert.match(execFileSync('ls', ['-ld', connection.host], { encoding: 'utf8' }), /^drwx------/)
})

test('the copied binaries have the library links that npm cannot pack', () => {
  const into = createFolder()
  const bin = unpackBinaries(into)
  const version = execFileSync(join(bin, 'postgres'), ['--version'], { encoding: 'utf8', env: {} })
  assert.match(version, /^postgres \(PostgreSQL\) 18\./)
  assert.equal(readdirSync(into).length, 1, 'no unfinished copy remains')
})

test('an unfinished copy of a killed process is removed', () => {
  const into = createFolder()
  const home = join(unpackBinaries(into), '..')
  rmSync(home, { recursive: true })
  mkdirSync(`${home}.999999999`)
  unpackBinaries(into)
  assert.equal(readdirSync(into).length, 1)
})

test('on a machine without a binary the error is one sentence with the advice to set DATABASE_URL', () => {
  const source = fileURLToPath(new URL('../../../src/postgres/embedded/server.ts', import.meta.url))
  const script = `Object.defineProperty(process, 'arch', { value: 'mips' })
    const { startEmbedded } = await import(${JSON.stringify(source)})
    await startEmbedded({ state: ${JSON.stringify(createFolder())}, log() {} }).catch((error) => console.log(error.message))`
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  assert.equal(
    output.trim(),
    `No embedded PostgreSQL runs on this machine (${process.platform}/mips): set DATABASE_URL to a PostgreSQL 15 or newer.`,
  )
})

test('a full disk is named as the reason', () => {
  const tail =
    '2026-11-24 23:32:37.794 UTC [7] PANIC:  could not write to file "pg_wal/xlogtemp.7": No space left on device\n'
  assert.match(reasonOf({ code: 1, tail }, '/srv/data'), /^The disk is full: make room for \/srv\/data/)
})

test('below a private home the data directory moves for root only, and always to the same folder', () => {
  const home = createFolder()
  chmodSync(home, 0o700)
  const root = join(home, 'checkout')
  mkdirSync(root)
  const { path, moved } = chooseDataDir({ given: undefined, root })
  assert.equal(moved, isRoot)
  assert.match(path, isRoot ? /^\/var\/lib\/market-data\/[0-9a-f]{12}$/ : /\/checkout\/data$/)
  assert.deepEqual(chooseDataDir({ given: undefined, root }), { path, moved })
})

test('in a readable checkout the data is in ./data', () => {
  const root = createFolder()
  assert.deepEqual(chooseDataDir({ given: undefined, root }), { path: join(root, 'data'), moved: false })
  assert.deepEqual(readdirSync(root), [], 'choosing creates nothing')
})

test('a given directory is taken as it is, relative to the root', () => {
  const root = createFolder()
  assert.deepEqual(chooseDataDir({ given: 'here/there', root }), { path: join(root, 'here', 'there'), moved: false })
})

test('a given directory that cannot be used is refused and never moved', () => {
  const root = createFolder()
  writeFileSync(join(root, 'file'), '')
  assert.throws(() => chooseDataDir({ given: join(root, 'file', 'data'), root }), /cannot be used/)
})

/** Readable by every account: under root, PostgreSQL runs as another. */
function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'market-data-embedded-'))
  chmodSync(folder, 0o755)
  folders.push(folder)
  return folder
}

/** The process that is ready to serve a directory; 0 if none is. */
function postmasterOf(state: string): number {
  const file = readPidFile(dataFolder(state))
  return file?.ready === true ? file.pid : 0
}

async function startFor(t: TestContext, state: string) {
  const embedded = await startEmbedded({ state, binaries, log: () => {} })
  t.after(() => embedded.stop())
  return embedded
}

function startHolder(t: TestContext, state: string): ChildProcess {
  const script = fileURLToPath(new URL('holder.ts', import.meta.url))
  const holder = spawn(process.execPath, [script, state, binaries], { stdio: ['ignore', 'pipe', 'ignore'] })
  t.after(() => holder.kill('SIGKILL'))
  return holder
}

/** A postmaster on the directory that nobody holds. */
async function startOrphan(t: TestContext, state: string): Promise<ChildProcess> {
  await (await startFor(t, state)).stop()
  const data = join(state, 'pg18')
  const socket = createFolder()
  chmodSync(socket, 0o777)
  const command = ['-D', data, '-c', 'listen_addresses=', '-c', `unix_socket_directories=${socket}`]
  const options = { ...accountFor(data), cwd: data, env: { LC_ALL: 'C' }, stdio: 'ignore' as const }
  const orphan = spawn(join(unpackBinaries(binaries), 'postgres'), command, options)
  t.after(() => orphan.kill('SIGKILL'))
  await until(async () => (await findRunning(state)) !== undefined, 'the orphan serves')
  return orphan
}

async function query<Row extends pg.QueryResultRow>(
  connection: SocketConnection,
  text: string,
): Promise<pg.QueryResult<Row>> {
  const client = new pg.Client(connection)
  await client.connect()
  try {
    return await client.query<Row>(text)
  } finally {
    await client.end()
  }
}

/** PostgreSQL shows there what a process does. */
function commandOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
}

/** A zombie has ended; only its parent has not yet read its exit code. */
function isAlive(pid: number): boolean {
  try {
    return !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
