import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { startEmbedded } from '../../src/postgres/embedded/server.ts'
import { ask } from '../support/request.ts'
import { createPool } from '../../src/postgres/connection/pool.ts'
import { createDatabaseConnection, urlOf } from '../support/database.ts'
import { createProxy } from '../support/proxy.ts'
import { openStream } from '../support/price-stream.ts'
import { createDataDir, processesIn, startService, type ServiceProcess } from '../support/service-process.ts'
import { until } from '../support/until.ts'

// A separate server, which the service knows only by its URL, as in production.

const FAILED_WITHIN_MS = 2_000
/** For a machine that is busy with other tests. */
const SLACK_MS = 1_000

const PATHS = [
  '/readyz',
  '/prices/latest?symbol=AAPL&provider=simulated',
  '/prices/latest?symbol=NVDA&provider=simulated&max_age=0',
  '/prices/history?symbol=AAPL&provider=simulated',
  '/prices/poll',
  '/moving-averages?symbol=AAPL&provider=simulated',
]

async function createServer(t: TestContext) {
  const state = createDataDir()
  const options = { state, log: () => {} }
  let server = await startEmbedded(options)
  const signal = (name: NodeJS.Signals) => processesIn(state).forEach((pid) => process.kill(pid, name))
  // Hooks run in the order of their creation: the server must be awake to be stopped.
  t.after(() => signal('SIGCONT'))
  t.after(() => server.stop())
  return {
    url: urlOf(server.connection),
    stop: () => server.stop(),
    start: async () => void (server = await startEmbedded(options)),
    signal,
  }
}

/** Each request soon fails with `storage_unavailable`. */
async function assertFailsSoon(t: TestContext, { url }: ServiceProcess, what: string): Promise<void> {
  const times = await Promise.all(
    PATHS.map(async (path) => {
      const since = performance.now()
      const response = await fetch(url + path)
      const { code } = (await response.json()) as { code: string }
      assert.deepEqual([response.status, code], [503, 'storage_unavailable'], path)
      assert.ok(Number(response.headers.get('retry-after')) > 0, path)
      return performance.now() - since
    }),
  )
  t.diagnostic(`${what}: failed after ${Math.round(Math.min(...times))} to ${Math.round(Math.max(...times))} ms`)
  assert.ok(Math.max(...times) < FAILED_WITHIN_MS + SLACK_MS)
}

test('while the database server is frozen or down, requests return 503 within 2 s; afterwards polling, streams and averages resume by themselves', async (t) => {
  const server = await createServer(t)
  const service = await startService(t, { env: { DATABASE_URL: server.url }, args: ['--demo'] })
  const stream = await openStream(t, `${service.url}/prices/stream?symbols=AAPL`)
  await stream.until(1)

  async function assertResumes(what: string): Promise<void> {
    const since = performance.now()
    await until(async () => (await ask(`${service.url}/readyz`)).status === 200, 'ready again')
    const seen = stream.prices.length
    await until(() => stream.prices.length > seen, 'prices resume')
    const { price_id } = JSON.parse(stream.prices.at(-1)?.data ?? '{}') as { price_id: string }
    const isAveraged = async () => {
      const { json } = await ask(`${service.url}/moving-averages?symbol=AAPL&provider=simulated&limit=1&expand=inputs`)
      return json.data?.[0]?.inputs.some((input: { price_id: string }) => BigInt(input.price_id) >= BigInt(price_id))
    }
    await until(isAveraged, 'averages resume')
    t.diagnostic(`${what}: everything resumed ${Math.round(performance.now() - since)} ms after its return`)
  }

  server.signal('SIGSTOP')
  await assertFailsSoon(t, service, 'frozen')
  server.signal('SIGCONT')
  await assertResumes('frozen')

  await server.stop()
  await assertFailsSoon(t, service, 'stopped')
  await server.start()
  await assertResumes('stopped')
  assert.doesNotMatch(service.stderr(), /unhandled|our fault/i)
})

test('if all connections hang but new ones work, polling and averages resume', async (t) => {
  const connection = await createDatabaseConnection(t)
  const proxy = await createProxy(t, connection)
  const pool = createPool(connection, { size: 2, onError: () => {} })
  t.after(() => pool.end())
  await startService(t, { env: { DATABASE_URL: proxy.url }, args: ['--demo'] })
  const count = async () => Number((await pool.query('select count(*) from moving_averages')).rows[0].count)
  await until(count, 'averages')
  proxy.silence()
  const since = performance.now()
  const before = await count()
  await until(async () => (await count()) > before, 'averages resume')
  t.diagnostic(`averages resumed after ${Math.round(performance.now() - since)} ms`)
})

test('a service that is stopped while its database is frozen exits by itself', async (t) => {
  const server = await createServer(t)
  const service = await startService(t, { env: { DATABASE_URL: server.url }, args: ['--demo'] })
  const stream = await openStream(t, `${service.url}/prices/stream?symbols=AAPL`)
  await stream.until(1)
  server.signal('SIGSTOP')
  const since = performance.now()
  const code = await service.stop()
  t.diagnostic(`exited with ${code} after ${Math.round(performance.now() - since)} ms`)
  assert.equal(code, 0)
})
