import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { ask } from '../support/request.ts'
import { openStream } from '../support/price-stream.ts'
import {
  createDataDir,
  createFolder,
  LAUNCHER,
  processesIn,
  runCommand,
  startService,
  type ServiceProcess,
} from '../support/service-process.ts'
import { until } from '../support/until.ts'
import { createYahooFake, QUOTE_PATH } from '../support/yahoo-fake.ts'
import { nodeOfMachine } from '../support/node-of-machine.ts'

const project = fileURLToPath(new URL('../..', import.meta.url))
const AAPL = '/prices/latest?symbol=AAPL&provider=simulated&max_age=0'

test('the service becomes ready in an empty folder, and SIGTERM stops all its processes with exit code 0', async (t) => {
  const dataDir = join(createFolder(), 'new', 'data')
  const service = await startService(t, { dataDir, cwd: createFolder() })
  assert.equal((await ask(`${service.url}/readyz`)).status, 200)
  assert.equal((await ask(`${service.url}${AAPL}`)).status, 200)
  assert.ok(processesIn(dataDir).length > 0)
  assert.equal(await service.stop(), 0)
  assert.deepEqual(processesIn(dataDir), [])
})

test('Ctrl-C stops the service with exit code 0, even if npm forwards a second one', async (t) => {
  const service = await startService(t)
  const stopped = service.stop('SIGINT')
  await Promise.all([stopped, service.stop('SIGINT')])
  assert.equal(await stopped, 0)
  assert.doesNotMatch(service.stderr(), /Error/)
  assert.deepEqual(processesIn(service.dataDir), [])
})

test('SIGTERM stops the service within 5 s despite open streams, a client that does not read and a provider that hangs; a waiting request may be retried', async (t) => {
  const fake = await createYahooFake(t)
  let isRequested = false
  fake.answer(QUOTE_PATH, () => {
    isRequested = true
    return { hang: true }
  })
  const service = await startService(t, { args: ['--demo'], env: { YFINANCE_BASE_URL: fake.url } })
  const streams = await Promise.all([1, 2, 3].map(() => openStream(t, `${service.url}/prices/stream`)))
  for (const stream of streams) await stream.until(1)
  const { port } = new URL(service.url)
  const idle = connect(Number(port), '127.0.0.1').on('error', () => {})
  idle.write('GET /prices/stream HTTP/1.1\r\nHost: localhost\r\n\r\n')
  t.after(() => idle.destroy())
  const waiting = ask(`${service.url}/prices/latest?symbol=AAPL&max_age=0`)
  await until(() => isRequested, 'the provider receives the request')

  const since = performance.now()
  assert.equal(await service.stop(), 0)
  const stoppedMs = performance.now() - since
  t.diagnostic(`stopped in ${Math.round(stoppedMs)} ms`)
  assert.ok(stoppedMs < 5_000)
  assert.deepEqual(processesIn(service.dataDir), [])
  for (const { response } of streams) assert.ok(response.complete, 'the stream has ended properly')
  const { status, json } = await waiting
  assert.deepEqual([status, json.code], [503, 'overloaded'])
  assert.doesNotMatch(service.stderr(), /"level":50/, 'it is not logged as an error')
})

test('SIGTERM to `npm start` stops everything with exit code 0, even while a stream is open', async (t) => {
  const service = await startService(t, { command: ['npm', 'start'], cwd: project })
  const stream = await openStream(t, `${service.url}/prices/stream`)
  await stream.until(1)
  assert.equal(await service.stop(), 0)
  assert.ok(stream.response.complete)
  assert.deepEqual(processesIn(service.dataDir), [])
})

test('a second service on the same folder exits immediately with one sentence, and does not affect the first', async (t) => {
  const service = await startService(t)
  const before = service.postmasterPid()
  const { code, stdout, stderr } = await runCommand(['serve'], { dataDir: service.dataDir })
  assert.deepEqual({ code, stdout }, { code: 1, stdout: '' })
  assert.equal(stderr, `market-data: Another process uses ${service.dataDir}: stop it, or set another DATA_DIR.\n`)
  assert.equal((await ask(`${service.url}${AAPL}`)).status, 200)
  assert.equal(service.postmasterPid(), before)
})

test('a port in use is reported in one sentence, before a database is created', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  t.after(() => other.close())
  await until(() => other.listening, 'the port is in use')
  const { port } = other.address() as AddressInfo
  const dataDir = createFolder()
  const { code, stderr } = await runCommand(['serve'], { dataDir, env: { PORT: String(port) } })
  assert.equal(code, 1)
  assert.equal(
    stderr,
    `market-data: PORT=${port} is in use on 127.0.0.1: stop the program that uses it, or set another PORT.\n`,
  )
  assert.deepEqual(readdirSync(dataDir), [], 'nothing was begun')
})

test('a port on which a market-data service already runs is reported as such, with or without a key, before a database is created', async (t) => {
  const { url, dataDir: used } = await startService(t)
  const env = { PORT: new URL(url).port }
  const dataDir = createFolder()
  const start = () => runCommand(['serve'], { dataDir, env })
  const open = await start()
  assert.equal(open.code, 1)
  assert.match(open.stderr, /^market-data: market-data \d\S* already runs at http:\S+: use it, .*another PORT\.\n$/)
  await runCommand(['keys', 'create', '--scope', 'read'], { dataDir: used })
  await until(async () => (await ask(`${url}/version`)).status === 401, 'a key is required')
  assert.match((await start()).stderr, /^market-data: market-data already runs at http:/)
  assert.deepEqual(readdirSync(dataDir), [], 'nothing was begun')
})

test('an address of another machine is a configuration error', async () => {
  const { code, stderr } = await runCommand(['serve'], { env: { HOST: '999.1.1.1', AUTH: 'off' } })
  assert.equal(code, 78)
  assert.match(stderr, /^market-data: HOST=999\.1\.1\.1: not an address of this machine \(\w+\)\.\n$/)
})

test('every command reports an unreachable database with its setting and without its password', async () => {
  const env = { DATABASE_URL: 'postgres://me:secret@127.0.0.1:1/prices' }
  for (const command of [['serve'], ['verify'], ['migrate'], ['jobs', 'list']]) {
    const { code, stderr } = await runCommand(command, { env })
    assert.deepEqual(
      { code, stderr },
      { code: 1, stderr: 'market-data: DATABASE_URL: no PostgreSQL answers at 127.0.0.1:1 (ECONNREFUSED).\n' },
    )
  }
})

test('every configuration error is reported with its variable, and the exit code is 78', async () => {
  const dataDir = createFolder()
  const env = { PORT: '80a', MA_WINDOWS: '5,0', AUTH: 'maybe', DEFAULT_PROVIDER: 'nobody', DATABASE_URL: 'mysql://x' }
  const { code, stdout, stderr } = await runCommand(['serve'], { dataDir, env })
  assert.deepEqual({ code, stdout }, { code: 78, stdout: '' })
  const named = stderr.match(/^market-data: (\w+)=/gm)?.map((line) => line.slice('market-data: '.length, -1))
  assert.deepEqual(new Set(named), new Set(Object.keys(env)))
  assert.equal(stderr.trimEnd().split('\n').length, Object.keys(env).length)
  assert.deepEqual(readdirSync(dataDir), [], 'nothing was created')
})

test('an address that other machines can reach is rejected with 78 unless AUTH=off is set, which the start banner shows', async (t) => {
  const refused = await runCommand(['serve'], { dataDir: createFolder(), env: { HOST: '0.0.0.0' } })
  assert.equal(refused.code, 78)
  assert.match(refused.stderr, /^market-data: HOST=0\.0\.0\.0: .*AUTH=off.*\n$/)

  const service = await startService(t, { env: { HOST: '0.0.0.0', AUTH: 'off' } })
  assert.match(service.stdout(), /Access +anyone .*AUTH=off/)
  const url = /Dashboard +(http\S+)/.exec(service.stdout())?.[1] ?? ''
  assert.match(url, /^http:\/\/127\.0\.0\.1:/)
  assert.equal((await ask(url)).status, 200)
})

for (const path of ['/dev/null/data', '/proc/data', '/proc/data/deep']) {
  test(`${path}, which cannot store data, is a configuration error`, async () => {
    const { code, stderr } = await runCommand(['serve'], { cwd: createFolder(), env: { DATA_DIR: path } })
    assert.equal(code, 78)
    assert.ok(stderr.includes(` ${path} cannot be used`), stderr)
    assert.equal(stderr.trimEnd().split('\n').length, 1)
  })
}

test('the three requests of the start banner work as printed, without internet access and without the demo', async (t) => {
  const service = await startService(t)
  const requests = [...service.stdout().matchAll(/^ +curl .*'(http[^']+)'(?:.* -d '(.+)')?$/gm)]
  assert.equal(requests.length, 3)
  const [latest = '', poll = '', stream = ''] = requests.map(([, url]) => url ?? '')
  const body = requests[1]?.[2] ?? ''
  const price = await ask(latest)
  assert.deepEqual([price.status, price.json.symbol, price.json.provider], [200, 'AAPL', 'simulated'])
  const events = await openStream(t, stream)
  const job = await ask(poll, { method: 'POST', body: JSON.parse(body) })
  assert.deepEqual([job.status, job.json.config], [202, { symbols: ['AAPL'], interval: '2' }])
  await events.until(1)
  assert.equal(JSON.parse(events.prices[0]?.data ?? '{}').symbol, 'AAPL')
})

test('the demo creates jobs only if none exist, and the banner shows it; without the demo none are created', async (t) => {
  const dataDir = createDataDir()
  const plain = await startService(t, { dataDir })
  assert.equal((await jobsOf(plain)).length, 0)
  const job = { symbol: 'GOOG', provider: 'simulated', interval_minutes: 60 }
  const { json } = await ask(`${plain.url}/prices/poll`, { method: 'POST', body: job })
  await plain.stop()

  const withJob = await startService(t, { dataDir, args: ['--demo'] })
  assert.doesNotMatch(withJob.stdout(), /Demo/)
  assert.deepEqual(await jobsOf(withJob), ['GOOG simulated 3600'])
  await ask(`${withJob.url}/prices/poll/${json.job_id}`, { method: 'DELETE' })
  await withJob.stop()

  const empty = await startService(t, { dataDir, args: ['--demo'] })
  assert.match(empty.stdout(), /Demo +polls simulated prices of AAPL, MSFT, NVDA, TSLA, BTC-USD every 2 seconds/)
  const expected = ['AAPL', 'MSFT', 'NVDA', 'TSLA', 'BTC-USD'].map((symbol) => `${symbol} simulated 2`)
  assert.deepEqual(new Set(await jobsOf(empty)), new Set(expected))
})

test('if only the database is killed, requests return 503 for a moment, then everything resumes, including jobs and open streams', async (t) => {
  const service = await startService(t, { args: ['--demo'] })
  const stream = await openStream(t, `${service.url}/prices/stream?symbols=MSFT`)
  await stream.until(1)
  const { json: before } = await ask(`${service.url}${AAPL}`)
  const postmaster = service.postmasterPid()!
  const since = performance.now()
  process.kill(postmaster, 'SIGKILL')
  const problems = new Set<string>()
  const isBack = async () => {
    const answer = await ask(`${service.url}${AAPL}`)
    if (answer.status !== 200) problems.add(`${answer.status} ${answer.json.code}`)
    return answer.status === 200 && ![undefined, postmaster].includes(service.postmasterPid())
  }
  await until(isBack, 'requests succeed')
  t.diagnostic(`recovered after ${Math.round(performance.now() - since)} ms`)
  assert.deepEqual(
    [...problems].filter((problem) => problem !== '503 storage_unavailable'),
    [],
  )
  assert.equal((await ask(`${service.url}/prices/${before.price_id}/lineage`)).status, 200)
  assert.equal((await ask(`${service.url}/readyz`)).status, 200)
  await stream.until(stream.prices.length + 2)
})

test('kill -9 of the launcher, or of the service if it runs without one, stops the service and its database', async (t) => {
  const node = nodeOfMachine()
  t.diagnostic(`Node of this machine: ${execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()}`)
  const service = await startService(t, { command: [node, LAUNCHER, 'serve'], args: ['--demo'] })
  assert.ok(processesIn(service.dataDir).length > 1)
  await service.kill()
  await until(() => processesIn(service.dataDir).length === 0, 'no process is left')
  await (await startService(t, { dataDir: service.dataDir })).stop()
})

async function jobsOf({ url }: ServiceProcess): Promise<string[]> {
  const { json } = await ask(`${url}/prices/poll`)
  const jobs = json.data as { symbol: string; provider: string; interval_seconds: string }[]
  return jobs.map((job) => `${job.symbol} ${job.provider} ${job.interval_seconds}`)
}
