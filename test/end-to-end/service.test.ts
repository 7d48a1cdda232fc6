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

test('in an empty folder it becomes ready, and SIGTERM ends all of it with exit code 0', async (t) => {
  const dataDir = join(createFolder(), 'new', 'data')
  const service = await startService(t, { dataDir, cwd: createFolder() })
  assert.equal((await ask(`${service.url}/readyz`)).status, 200)
  assert.equal((await ask(`${service.url}${AAPL}`)).status, 200)
  assert.ok(processesIn(dataDir).length > 0)
  assert.equal(await service.stop(), 0)
  assert.deepEqual(processesIn(dataDir), [])
})

test('Ctrl-C ends it with exit code 0 too, also where npm hands it on and it comes twice', async (t) => {
  const service = await startService(t)
  const stopped = service.stop('SIGINT')
  await Promise.all([stopped, service.stop('SIGINT')])
  assert.equal(await stopped, 0)
  assert.doesNotMatch(service.stderr(), /Error/)
  assert.deepEqual(processesIn(service.dataDir), [])
})

test('SIGTERM ends it within 5 s beside open streams, a reader that takes nothing and a provider that hangs; who waits for that may ask again', async (t) => {
  const fake = await createYahooFake(t)
  let isAsked = false
  fake.answer(QUOTE_PATH, () => {
    isAsked = true
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
  await until(() => isAsked, 'the provider is asked')

  const since = performance.now()
  assert.equal(await service.stop(), 0)
  const stoppedMs = performance.now() - since
  t.diagnostic(`stopped in ${Math.round(stoppedMs)} ms`)
  assert.ok(stoppedMs < 5_000)
  assert.deepEqual(processesIn(service.dataDir), [])
  for (const { response } of streams) assert.ok(response.complete, 'the stream has ended as it should')
  const { status, json } = await waiting
  assert.deepEqual([status, json.code], [503, 'overloaded'])
  assert.doesNotMatch(service.stderr(), /"level":50/, 'that is no fault of ours')
})

test('SIGTERM to `npm start` ends everything with exit code 0, also while a stream is open', async (t) => {
  const service = await startService(t, { command: ['npm', 'start'], cwd: project })
  const stream = await openStream(t, `${service.url}/prices/stream`)
  await stream.until(1)
  assert.equal(await service.stop(), 0)
  assert.ok(stream.response.complete)
  assert.deepEqual(processesIn(service.dataDir), [])
})

test('a second service on the same folder is refused at once in one sentence, and the first is untouched', async (t) => {
  const service = await startService(t)
  const before = service.postmasterPid()
  const { code, stdout, stderr } = await runCommand(['serve'], { dataDir: service.dataDir })
  assert.deepEqual({ code, stdout }, { code: 1, stdout: '' })
  assert.equal(stderr, `market-data: Another process uses ${service.dataDir}: stop it, or set another DATA_DIR.\n`)
  assert.equal((await ask(`${service.url}${AAPL}`)).status, 200)
  assert.equal(service.postmasterPid(), before)
})

test('a port that is taken is named in one sentence, before a database is made', async (t) => {
  const holder = createServer().listen(0, '127.0.0.1')
  t.after(() => holder.close())
  await until(() => holder.listening, 'the port is taken')
  const { port } = holder.address() as AddressInfo
  const dataDir = createFolder()
  const { code, stderr } = await runCommand(['serve'], { dataDir, env: { PORT: String(port) } })
  assert.equal(code, 1)
  assert.equal(
    stderr,
    `market-data: PORT=${port} is in use on 127.0.0.1: stop the program that uses it, or set another PORT.\n`,
  )
  assert.deepEqual(readdirSync(dataDir), [], 'nothing was begun')
})

test('an address that is none of this machine is a mistake in the configuration', async () => {
  const { code, stderr } = await runCommand(['serve'], { env: { HOST: '999.1.1.1', AUTH: 'off' } })
  assert.equal(code, 78)
  assert.match(stderr, /^market-data: HOST=999\.1\.1\.1: not an address of this machine \(\w+\)\.\n$/)
})

test('a database that does not answer is named with its setting and without its password, by every command', async () => {
  const env = { DATABASE_URL: 'postgres://me:secret@127.0.0.1:1/prices' }
  for (const command of [['serve'], ['verify'], ['migrate'], ['jobs', 'list']]) {
    const { code, stderr } = await runCommand(command, { env })
    assert.deepEqual(
      { code, stderr },
      { code: 1, stderr: 'market-data: DATABASE_URL: no PostgreSQL answers at 127.0.0.1:1 (ECONNREFUSED).\n' },
    )
  }
})

test('every mistake in the configuration is named with its variable, and the exit code is 78', async () => {
  const dataDir = createFolder()
  const env = { PORT: '80a', MA_WINDOWS: '5,0', AUTH: 'maybe', DEFAULT_PROVIDER: 'nobody', DATABASE_URL: 'mysql://x' }
  const { code, stdout, stderr } = await runCommand(['serve'], { dataDir, env })
  assert.deepEqual({ code, stdout }, { code: 78, stdout: '' })
  const named = stderr.match(/^market-data: (\w+)=/gm)?.map((line) => line.slice('market-data: '.length, -1))
  assert.deepEqual(new Set(named), new Set(Object.keys(env)))
  assert.equal(stderr.trimEnd().split('\n').length, Object.keys(env).length)
  assert.deepEqual(readdirSync(dataDir), [], 'nothing was begun')
})

test('an address that others reach is refused with 78 unless AUTH=off is said, and then the start block says so', async (t) => {
  const refused = await runCommand(['serve'], { dataDir: createFolder(), env: { HOST: '0.0.0.0' } })
  assert.equal(refused.code, 78)
  assert.match(refused.stderr, /^market-data: HOST=0\.0\.0\.0: .*AUTH=off.*\n$/)

  const service = await startService(t, { env: { HOST: '0.0.0.0', AUTH: 'off' } })
  assert.match(service.stdout(), /Access +everybody .*AUTH=off/)
})

for (const path of ['/dev/null/data', '/proc/data', '/proc/data/deep']) {
  test(`${path}, where no data can be kept, is a mistake in the configuration`, async () => {
    const { code, stderr } = await runCommand(['serve'], { cwd: createFolder(), env: { DATA_DIR: path } })
    assert.equal(code, 78)
    assert.ok(stderr.includes(` ${path} cannot be used`), stderr)
    assert.equal(stderr.trimEnd().split('\n').length, 1)
  })
}

test('the three calls of the start block work as they are printed, without a network and without the demonstration', async (t) => {
  const service = await startService(t)
  const calls = [...service.stdout().matchAll(/^ +curl .*'(http[^']+)'(?:.* -d '(.+)')?$/gm)]
  assert.equal(calls.length, 3)
  const [latest = '', poll = '', stream = ''] = calls.map(([, url]) => url ?? '')
  const order = calls[1]?.[2] ?? ''
  const price = await ask(latest)
  assert.deepEqual([price.status, price.json.symbol, price.json.provider], [200, 'AAPL', 'simulated'])
  const events = await openStream(t, stream)
  const job = await ask(poll, { method: 'POST', body: JSON.parse(order) })
  assert.deepEqual([job.status, job.json.config], [202, { symbols: ['AAPL'], interval: '2' }])
  await events.until(1)
  assert.equal(JSON.parse(events.prices[0]?.data ?? '{}').symbol, 'AAPL')
})

test('the demonstration makes jobs only where there are none at all, and says so; without it none are made', async (t) => {
  const dataDir = createDataDir()
  const plain = await startService(t, { dataDir })
  assert.equal((await jobsOf(plain)).length, 0)
  const order = { symbol: 'GOOG', provider: 'simulated', interval_minutes: 60 }
  const { json } = await ask(`${plain.url}/prices/poll`, { method: 'POST', body: order })
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

test('when the database alone is killed, requests say 503 for a moment, then all goes on: jobs and open streams too', async (t) => {
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
  t.diagnostic(`answered again after ${Math.round(performance.now() - since)} ms`)
  assert.deepEqual(
    [...problems].filter((problem) => problem !== '503 storage_unavailable'),
    [],
  )
  assert.equal((await ask(`${service.url}/prices/${before.price_id}/lineage`)).status, 200)
  assert.equal((await ask(`${service.url}/readyz`)).status, 200)
  await stream.until(stream.prices.length + 2)
})

test('kill -9 of the launcher, or of the service where there is no launcher, ends the service and its database', async (t) => {
  const node = nodeOfMachine()
  t.diagnostic(`Node of this machine: ${execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()}`)
  const service = await startService(t, { command: [node, LAUNCHER, 'serve'], args: ['--demo'] })
  assert.ok(processesIn(service.dataDir).length > 1)
  await service.kill()
  await until(() => processesIn(service.dataDir).length === 0, 'nothing is left')
  await (await startService(t, { dataDir: service.dataDir })).stop()
})

async function jobsOf({ url }: ServiceProcess): Promise<string[]> {
  const { json } = await ask(`${url}/prices/poll`)
  const jobs = json.data as { symbol: string; provider: string; interval_seconds: string }[]
  return jobs.map((job) => `${job.symbol} ${job.provider} ${job.interval_seconds}`)
}
