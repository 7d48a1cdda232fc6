import assert from 'node:assert/strict'
import { createServer, type AddressInfo } from 'node:net'
import test from 'node:test'
import { instantFromMillis } from '../../../src/lib/instant.ts'
import { createPool } from '../../../src/postgres/connection/pool.ts'
import { createStoreReply } from '../../../src/postgres/ingest/store-reply.ts'
import { createDatabaseConnection, urlOf } from '../../support/database.ts'
import { quoteOf } from '../../support/scripted-provider.ts'
import pg from 'pg'
import { createEmptyDataDir, runCommand, startService } from '../../support/service-process.ts'

type Report = { status: string; checks: { name: string; status: string; detail: string; help?: string }[] }

const env = { DEFAULT_PROVIDER: 'simulated' }

test('doctor reports no problem beside a healthy service', async (t) => {
  const { dataDir, url } = await startService(t)
  const options = { dataDir, env: { ...env, PORT: new URL(url).port } }
  const { code, stdout, stderr } = await runCommand(['doctor', '--json'], options)
  const { status, checks } = JSON.parse(stdout) as Report
  assert.deepEqual([code, stderr, status], [0, '', 'ok'])
  const names = 'node, configuration, data directory, database, clock, tables, averages, log, jobs, service, provider'
  assert.equal(checks.map(({ name }) => name).join(', '), names)
  const lines = await runCommand(['doctor'], options)
  assert.match(lines.stdout, /^(ok {2}\S.* {2}\S.*\n)+$/)
})

test('doctor prints how to connect to the embedded database, and the views can be read there', async (t) => {
  const { dataDir, url } = await startService(t, { args: ['--demo'] })
  const { stdout } = await runCommand(['doctor'], { dataDir, env: { ...env, PORT: new URL(url).port } })
  const [, location, host, user] = /^ok +database +(\S+), for SQL: psql -h (\S+) -U (\S+)$/m.exec(stdout) ?? []
  assert.equal(location, dataDir)
  const client = new pg.Client({ host, user, database: 'postgres' })
  await client.connect()
  // Before the service stops, and its database with it.
  const { fields } = await client.query('select symbol, price from latest_prices')
  await client.end()
  assert.deepEqual(
    fields.map(({ name }) => name),
    ['symbol', 'price'],
  )
})

test('on a machine where nothing was started, doctor warns, suggests a fix, and creates nothing', async () => {
  const dataDir = createEmptyDataDir()
  const port = await unusedPort()
  const { code, stdout } = await runCommand(['doctor'], { dataDir, env: { ...env, PORT: port } })
  assert.equal(code, 0)
  assert.match(stdout, /^ok +database +none yet; the first start creates it$/m)
  assert.match(stdout, /^warn +service +none at \S+\n {6}To start it: market-data serve$/m)
  const again = await runCommand(['doctor'], { dataDir, env: { ...env, PORT: port } })
  assert.equal(again.stdout.replaceAll(/\d+ MiB/g, ''), stdout.replaceAll(/\d+ MiB/g, ''))
})

test('doctor fails with exit code 1 if the service cannot work', async (t) => {
  const otherProgram = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nhello'))
  await new Promise<void>((resolve) => otherProgram.listen(0, '127.0.0.1', resolve))
  t.after(() => otherProgram.close())
  const port = String((otherProgram.address() as AddressInfo).port)
  const reports = await Promise.all(
    [
      { PORT: port, DATA_DIR: createEmptyDataDir() },
      { PORT: '0', DATABASE_URL: `postgres://nobody@127.0.0.1:${await unusedPort()}/nowhere` },
      { PORT: 'many' },
    ].map((more) => runCommand(['doctor', '--json'], { env: { ...env, ...more } })),
  )
  const failed = reports.map(({ code, stdout }) => {
    const { status, checks } = JSON.parse(stdout) as Report
    const failures = checks.filter((check) => check.status === 'fail')
    return [code, status, failures.map(({ name }) => name).join()]
  })
  assert.deepEqual(failed, [
    [1, 'fail', 'service'],
    [1, 'fail', 'database'],
    [1, 'fail', 'configuration'],
  ])
})

test('doctor reports stored times in the future', async (t) => {
  const connection = await createDatabaseConnection(t)
  const pool = createPool(connection, { size: 1, onError: () => {} })
  await createStoreReply(pool)(
    {
      provider: 'scripted',
      symbols: ['AAPL'],
      request: 'GET /',
      status: 200,
      body: Buffer.from('{}'),
      receivedAt: instantFromMillis(Date.now() + 3_600_000),
      parserVersion: 1,
    },
    [{ symbol: 'AAPL', quote: quoteOf({}) }],
  )
  await pool.end()
  const { stdout } = await runCommand(['doctor'], { env: { ...env, PORT: '0', DATABASE_URL: urlOf(connection) } })
  assert.match(
    stdout,
    /^warn +stored times +up to 3[56]\d\d s in the future: a clock was ahead when they were stored$/m,
  )
})

async function unusedPort(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return String(port)
}
