import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import pg from 'pg'
import { startEmbedded } from '../../src/postgres/embedded/server.ts'
import type { Connection } from '../../src/postgres/connection/pool.ts'
import { ask } from '../support/request.ts'
import { createEmptyDatabase, urlOf } from '../support/database.ts'
import { CSV_HEADER, priceLines } from '../support/price-csv.ts'
import { openStreamWith } from '../support/price-stream.ts'
import {
  createDataDir,
  createFolder,
  LAUNCHER,
  postmasterPid,
  runCommand,
  spawnCommand,
  startService,
  type ServiceProcess,
} from '../support/service-process.ts'
import { until } from '../support/until.ts'

// npm run moving has a million.
const LINES = Number(process.env['TRANSFER_PRICES'] ?? 20_000)
/** A tenth of a million prices a minute is little. */
const PATIENCE = { withinMs: 60_000 + (LINES / 100_000) * 60_000 }
const STREAM = '/prices/stream?symbols=AAPL,MSFT,BRK.B&provider=import'

/** A service with a key, prices and averages, ended; a stream client of it had seen some, and missed the last. */
async function createEnded(t: TestContext) {
  const [folder, dataDir] = [createFolder(), createDataDir()]
  const file = join(folder, 'prices.csv')
  const add = async (lines: number, from: number) => {
    writeFileSync(file, CSV_HEADER + priceLines(lines, from))
    assert.equal((await runCommand(['import', file], { dataDir, ...PATIENCE })).code, 0)
  }
  const service = await startService(t, { dataDir })
  await killImport(service, file)
  await add(LINES, 0)
  const made = await runCommand(['keys', 'create', '--scope', 'read', '--json'], { dataDir })
  const headers = { authorization: `Bearer ${JSON.parse(made.stdout).key}` }
  const stream = await openStreamWith(t, service.url + STREAM, headers)
  await add(30, LINES)
  await stream.until(30)
  stream.cut()
  await add(40, LINES + 30)
  const isDone = async () => (await ask(`${service.url}/health`, { headers })).json.averages_lag_seconds === '0'
  await until(isDone, 'averages of all', PATIENCE)
  assert.equal(await service.stop(), 0)
  return { folder, dataDir, client: { ...headers, 'last-event-id': stream.lastEventId()! } }
}

/** Of an import that goes on where it was, once some of its prices are there. */
async function killImport({ url, dataDir }: ServiceProcess, file: string): Promise<void> {
  writeFileSync(file, CSV_HEADER + priceLines(LINES))
  const running = spawnCommand([process.execPath, LAUNCHER, 'import', file], { dataDir })
  const history = `${url}/prices/history?symbol=AAPL&provider=import&limit=1`
  const hasBegun = async () => {
    assertAtWork(running)
    return (await ask(history)).json.data?.length === 1
  }
  await until(hasBegun, 'a price', PATIENCE)
  running.child.kill('SIGKILL')
  assert.equal(await running.exited, null, 'it was at work')
}

function assertAtWork({ child, stderr }: ReturnType<typeof spawnCommand>): void {
  assert.equal(child.exitCode, null, `it ended too early:\n${stderr()}`)
}

type AppContext = { readonly dataDir?: string; readonly env?: Readonly<Record<string, string>> }

/** A command at work, once so many prices have arrived. */
async function startAmid(
  args: readonly string[],
  target: Connection,
  { enough, ...context }: AppContext & { enough: number },
) {
  const running = spawnCommand([process.execPath, LAUNCHER, ...args], context)
  // Not by a pool of ours, which would be taken for a service.
  const client = new pg.Client(typeof target === 'string' ? { connectionString: target } : target)
  await client.connect()
  const count = () =>
    client.query('select count(*)::int as count from prices').then(
      ({ rows }) => rows[0].count,
      () => 0,
    )
  await until(
    async () => {
      assertAtWork(running)
      return (await count()) > enough
    },
    'some prices',
    PATIENCE,
  )
  await client.end()
  return running
}

async function killAmid(...asked: Parameters<typeof startAmid>): Promise<void> {
  const { child, exited } = await startAmid(...asked)
  child.kill('SIGKILL')
  await exited
}

/** The service there has everything, knows the key, and the client of the old one goes on where it was. */
async function assertMoved(
  t: TestContext,
  client: Readonly<Record<string, string>>,
  context: { env?: Record<string, string>; dataDir?: string },
) {
  const service = await startService(t, context)
  assert.equal((await ask(service.url + STREAM)).status, 401)
  const stream = await openStreamWith(t, service.url + STREAM, client)
  await stream.until(40)
  const verify = await runCommand(['verify', '--json'], { ...context, dataDir: service.dataDir, ...PATIENCE })
  const verified = JSON.parse(verify.stdout)
  assert.deepEqual([verified.checked_prices, verified.difference_count, verified.lagging], [LINES + 70, 0, 0])
  assert.equal(stream.prices.length, 40)
  assert.equal(await service.stop(), 0)
}

test('a copy that is killed again and again, at both ends, arrives whole; a stream goes on in it where it was', async (t) => {
  const { dataDir, client } = await createEnded(t)
  const target = { state: createDataDir(), log: () => {} }
  let server = await startEmbedded(target)
  const env = { DATABASE_URL: urlOf(server.connection) }
  const copy = ['copy', '--to', env.DATABASE_URL]
  await killAmid(copy, server.connection, { enough: LINES / 20, dataDir })
  const refused = await runCommand(['serve'], { env })
  assert.deepEqual([refused.code, refused.stdout], [1, ''])
  assert.match(refused.stderr, /copy or restore, .*run it again/)

  const { exited } = await startAmid(copy, server.connection, { enough: LINES * 0.4, dataDir })
  process.kill(postmasterPid(target.state)!, 'SIGKILL')
  assert.equal(await exited, 1)
  await server.stop()
  server = await startEmbedded(target)
  t.after(() => server.stop())
  const { code, stdout } = await runCommand([...copy, '--json'], { dataDir, ...PATIENCE })
  const { rows, finished } = JSON.parse(stdout)
  assert.deepEqual([code, finished, rows.prices], [0, true, LINES + 70])
  await assertMoved(t, client, { env })
})

test('a dump that is made and restored amid kills brings everything back; a stream goes on in it where it was', async (t) => {
  const { folder, dataDir, client } = await createEnded(t)
  const target = await createEmptyDatabase(t)
  const [file, env] = [join(folder, 'backup.gz'), { DATABASE_URL: urlOf(target) }]
  const { child, exited } = spawnCommand([process.execPath, LAUNCHER, 'dump', file], { dataDir })
  await until(() => existsSync(`${file}.part`), 'a part of the dump')
  child.kill('SIGKILL')
  await exited
  assert.ok(!existsSync(file), 'there is no half of a dump under its name')
  const { code, stdout } = await runCommand(['dump', file, '--json'], { dataDir, ...PATIENCE })
  assert.deepEqual([code, JSON.parse(stdout).rows.prices], [0, LINES + 70])

  for (const enough of [LINES / 20, LINES * 0.6]) await killAmid(['restore', file], target, { enough, env })
  assert.match((await runCommand(['history', 'AAPL'], { env })).stderr, /run it again/)
  assert.equal((await runCommand(['restore', file], { env, ...PATIENCE })).code, 0)
  await assertMoved(t, client, { env })
})
