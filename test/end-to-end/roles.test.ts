import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type pg from 'pg'
import { systemClock } from '../../src/lib/clock.ts'
import { createJobs } from '../../src/postgres/polling/jobs.ts'
import { createPool } from '../../src/postgres/connection/pool.ts'
import { ask } from '../support/request.ts'
import { createDatabaseConnection, urlOf } from '../support/database.ts'
import { openStream } from '../support/price-stream.ts'
import { startService, type ServiceProcess } from '../support/service-process.ts'
import { until } from '../support/until.ts'

// Real processes on one database. A leader that dies or freezes is replaced within 12 s, and writes nothing when it wakes up.

const TAKE_OVER_MS = 12_000

async function createProcesses(t: TestContext) {
  const connection = await createDatabaseConnection(t)
  const pool = createPool(connection, { size: 4, onError: () => {} })
  t.after(() => pool.end())
  const env = { DATABASE_URL: urlOf(connection), MA_WINDOWS: '1' }
  const start = (roles: string) => startService(t, { env, args: ['--roles', roles] })
  const poll = (symbol: string) =>
    createJobs(pool, systemClock).create({ symbols: [symbol], provider: 'simulated', intervalSeconds: 1 })
  return { pool, start, poll }
}

/** The process id of the current leader, which is part of the holder's name. */
async function leaderOf(pool: pg.Pool, lease: string): Promise<number | undefined> {
  const { rows } = await pool.query('select holder from leases where name = $1 and expires_at > clock_timestamp()', [
    lease,
  ])
  return rows[0] && Number(rows[0].holder.split(':')[1])
}

/** The processes, the leader first. */
async function leaderFirst(pool: pg.Pool, lease: string, processes: readonly ServiceProcess[]) {
  const leader = await until(() => leaderOf(pool, lease), 'a leader')
  return processes.toSorted((a, b) => Number(b.pid === leader) - Number(a.pid === leader))
}

async function untilTaken(t: TestContext, pool: pg.Pool, { lease, by }: { lease: string; by: ServiceProcess }) {
  const since = performance.now()
  await until(async () => (await leaderOf(pool, lease)) === by.pid, 'the other one leads')
  const ms = performance.now() - since
  t.diagnostic(`${lease} taken over after ${Math.round(ms)} ms`)
  assert.ok(ms < TAKE_OVER_MS)
}

/** Holds the lock of a series, so that a process that stores a price blocks in the middle of its transaction. */
async function lockSeries(pool: pg.Pool, symbol: string) {
  const client = await pool.connect()
  // This session may stay in its transaction indefinitely.
  await client.query('begin; set local idle_in_transaction_session_timeout = 0')
  await client.query('select pg_advisory_xact_lock(id) from series where symbol = $1', [symbol])
  const waiting = `select pid from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())`
  await until(async () => ((await pool.query(waiting)).rowCount ?? 0) > 0, 'a write is blocked')
  const { rows } = await client.query('select clock_timestamp() as at')
  return {
    heldAt: rows[0].at as string,
    release: async () => {
      await client.query('commit')
      client.release()
    },
  }
}

async function pricesBetween(pool: pg.Pool, from: string, to: string): Promise<number> {
  const { rows } = await pool.query('select from prices where received_at between $1 and $2', [from, to])
  return rows.length
}

async function now(pool: pg.Pool): Promise<string> {
  return (await pool.query('select clock_timestamp() as now')).rows[0].now
}

async function untilMorePrices(pool: pg.Pool, since: string): Promise<void> {
  await until(
    async () => (await pool.query('select from prices where received_at > $1', [since])).rowCount,
    'a new price',
  )
}

/** Two pollers; the leader is frozen while its transaction waits for the lock of a series. */
async function freezePollerInTransaction(t: TestContext) {
  const { pool, start, poll } = await createProcesses(t)
  const [leader, other] = (await leaderFirst(
    pool,
    'poller',
    await Promise.all([start('poller'), start('poller')]),
  )) as [ServiceProcess, ServiceProcess]
  await poll('AAPL')
  await untilMorePrices(pool, '-infinity')
  const series = await lockSeries(pool, 'AAPL')
  leader.signal('SIGSTOP')
  const frozenAt = await now(pool)
  return { pool, leader, other, series, frozenAt }
}

test('a poller frozen during a transaction is replaced, blocks no other process and stores nothing when it wakes up; when its successor dies, it takes over again', async (t) => {
  const { pool, leader, other, series, frozenAt } = await freezePollerInTransaction(t)
  // The frozen poller gets the lock, and keeps it until the database ends its session.
  await series.release()
  await untilTaken(t, pool, { lease: 'poller', by: other })
  await untilMorePrices(pool, await now(pool))
  leader.signal('SIGCONT')
  await until(() => leader.stderr().includes('lease lost'), 'the loss of the lease is logged')
  assert.equal(await pricesBetween(pool, series.heldAt, frozenAt), 0)
  assert.equal(await leaderOf(pool, 'poller'), other.pid)

  await other.kill()
  await untilTaken(t, pool, { lease: 'poller', by: leader })
  await untilMorePrices(pool, await now(pool))
})

test('a poller that lost its lease while frozen cannot commit when it wakes up', async (t) => {
  const { pool, leader, other, series, frozenAt } = await freezePollerInTransaction(t)
  await untilTaken(t, pool, { lease: 'poller', by: other })
  leader.signal('SIGCONT')
  // The transaction still waits for the lock, and continues to its end.
  await series.release()
  await until(() => leader.stderr().includes('lease lost'), 'the loss of the lease is logged')
  assert.match(leader.stderr(), /the lease poller is lost/)
  assert.equal(await pricesBetween(pool, series.heldAt, frozenAt), 0)
  await untilMorePrices(pool, await now(pool))
})

test('if the process that computes averages is frozen, another takes over within seconds', async (t) => {
  const { pool, start } = await createProcesses(t)
  const consumers = await Promise.all([start('consumer'), start('consumer')])
  const [leader, other] = (await leaderFirst(pool, 'averages:1', consumers)) as [ServiceProcess, ServiceProcess]
  const api = await start('api')
  leader.signal('SIGSTOP')
  assert.equal((await ask(`${api.url}/prices/latest?symbol=AAPL&provider=simulated`)).status, 200)
  await untilTaken(t, pool, { lease: 'averages:1', by: other })
  await until(async () => (await pool.query('select from moving_averages')).rowCount, 'the average')
})

test('two pollers poll no more than one', async (t) => {
  const { pool, start, poll } = await createProcesses(t)
  await Promise.all([start('poller'), start('poller')])
  await poll('AAPL')
  await until(async () => ((await pool.query('select from polling_runs')).rowCount ?? 0) > 3, 'some runs')
  const { rows } = await pool.query(
    'select count(*)::int as runs, extract(epoch from max(started_at) - min(started_at))::float8 as seconds from polling_runs',
  )
  assert.ok(rows[0].runs <= rows[0].seconds + 2, `${rows[0].runs} runs in ${rows[0].seconds} s`)
})

test('a price stored by one API process is visible through another one, immediately in queries and on its streams', async (t) => {
  const { start } = await createProcesses(t)
  const [one, other] = await Promise.all([start('api'), start('api')])
  const stream = await openStream(t, `${other.url}/prices/stream?symbols=AAPL`)
  const delays: number[] = []
  while (delays.length < 3) {
    const count = stream.prices.length
    const { json } = await ask(`${one.url}/prices/latest?symbol=AAPL&provider=simulated&max_age=0`)
    const since = performance.now()
    const { json: seen } = await ask(`${other.url}/prices/latest?symbol=AAPL&provider=simulated`)
    assert.equal(seen.price_id, json.price_id)
    await stream.until(count + 1)
    delays.push(performance.now() - since)
    // The simulated market has one new price a second.
    await until(
      () => Math.floor(Date.now() / 1_000) > Math.floor(Date.parse(json.timestamp) / 1_000),
      'the next second',
    )
  }
  t.diagnostic(`on the other stream after ${delays.map((ms) => Math.round(ms)).join(', ')} ms`)
  assert.ok(Math.min(...delays) < 250)
})

test('a process without the role api serves probes and metrics only, as leader or on standby', async (t) => {
  const { pool, start } = await createProcesses(t)
  const processes = await Promise.all([start('poller,relay'), start('poller')])
  const leads = await until(() => leaderOf(pool, 'poller'), 'a leader')
  for (const { url, pid, stdout } of processes) {
    for (const path of ['/livez', '/readyz', '/metrics']) assert.equal((await ask(url + path)).status, 200)
    for (const path of [
      '/',
      '/prices/latest?symbol=AAPL',
      '/prices/poll',
      '/docs',
      '/openapi.json',
      '/health',
      '/version',
    ]) {
      assert.equal((await ask(url + path)).status, 404, path)
    }
    assert.match(stdout(), /Roles +poller/)
    const { text } = await ask(`${url}/metrics`)
    assert.match(text, new RegExp(`^market_data_leading{lease="poller"} ${Number(pid === leads)}$`, 'm'))
    assert.match(text, /^market_data_lease_epoch{lease="poller"} 1$/m)
    assert.match(text, /^market_data_database_connections{pool="answers",state="busy"} \d/m)
  }
})
