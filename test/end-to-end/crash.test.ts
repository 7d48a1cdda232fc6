import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import test, { type TestContext } from 'node:test'
import { expectedAverages } from '../core/averages/oracle.ts'
import { ask } from '../support/request.ts'
import { createRandom } from '../support/random.ts'
import {
  createDataDir,
  LAUNCHER,
  processesIn,
  runCommand,
  startService,
  type ServiceProcess,
} from '../support/service-process.ts'
import { until } from '../support/until.ts'
import { createYahooFake } from '../support/yahoo-fake.ts'
import { quoteEverChanging, startLoad, SYMBOLS, type ProviderStats } from './crash-load.ts'

// `npm run crash` is the long version. CRASH_SEED repeats the choices of a run; the moments are the machine's own.

const rounds = Number(process.env['CRASH_ROUNDS'] ?? 8)
const seed = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000)
const isLong = rounds >= 50

const TARGETS = ['the service', 'the database', 'both'] as const
type Target = (typeof TARGETS)[number]

test(`${rounds} times kill -9 during writes: every acknowledged price is kept, and every average is correct`, async (t) => {
  t.diagnostic(`seed ${seed}`)
  const random = createRandom(seed)
  const fake = await createYahooFake(t)
  const said = quoteEverChanging(fake, random)
  const start = (dataDir?: string) =>
    startService(t, {
      args: ['--demo'],
      env: { YFINANCE_BASE_URL: fake.url, LOG_LEVEL: 'warn' },
      ...(dataDir !== undefined && { dataDir }),
    })
  const providerStats: ProviderStats = new Map()
  const times: { readonly target: Target; readonly ms: number }[] = []
  let service = await start()

  for (let round = 0; round < rounds; round++) {
    const target = TARGETS[(round + seed) % TARGETS.length]!
    const load = startLoad(service.url, random, providerStats)
    await load.acknowledged(20 + Math.floor(200 * random()))
    if (target === 'the database') {
      times.push({ target, ms: await killDatabase(service, () => load.acknowledged(1)) })
      await load.end()
    } else {
      const orphan = service.postmasterPid()!
      if (target === 'both') process.kill(orphan, 'SIGKILL')
      await Promise.all([service.kill(), load.end()])
      service = await start(service.dataDir)
      times.push({ target, ms: service.readyMs })
      assert.ok(!processesIn(service.dataDir).includes(orphan), 'the old database is gone')
    }
    await assertAllThere(service, providerStats)
  }

  t.diagnostic(`${providerStats.size} prices acknowledged`)
  for (const target of TARGETS) t.diagnostic(`back after ${target} died: ${summary(times, target)}`)
  for (const symbol of SYMBOLS) await assertHonest(service, symbol, said)
  await assertVerified(t, service)
  assert.equal(await service.stop(), 0)
  assert.deepEqual(processesIn(service.dataDir), [])
  if (isLong) assert.ok(median(times.map(({ ms }) => ms)) < 3_000, 'back in under 3 s')
})

test('a service that is killed while it creates its database starts again, and leaves no partial database', async (t) => {
  const dataDir = createDataDir()
  const child = spawn(process.execPath, [LAUNCHER, 'serve'], { env: { DATA_DIR: dataDir, PORT: '0' }, stdio: 'ignore' })
  await until(() => readdirSync(dataDir).some((name) => name.startsWith('pg18')), 'the database is being made')
  child.kill('SIGKILL')
  await once(child, 'exit')

  const service = await startService(t, { dataDir })
  assert.deepEqual(
    readdirSync(dataDir).filter((name) => name.startsWith('pg18')),
    ['pg18'],
  )
  assert.equal((await ask(`${service.url}/prices/latest?symbol=AAPL&provider=simulated`)).status, 200)
})

/** From the kill to the next price that was acknowledged, in milliseconds. */
async function killDatabase(service: ServiceProcess, nextPrice: () => Promise<void>): Promise<number> {
  const postmaster = service.postmasterPid()!
  process.kill(postmaster, 'SIGKILL')
  const since = performance.now()
  await until(() => ![undefined, postmaster].includes(service.postmasterPid()), 'another database')
  await nextPrice()
  return performance.now() - since
}

async function assertAllThere({ url }: ServiceProcess, providerStats: ProviderStats): Promise<void> {
  const stored = new Map<string, string>()
  for (const symbol of SYMBOLS) {
    for (const { id, timestamp, price } of await historyOf(url, symbol, '&include=superseded')) {
      stored.set(id, `${symbol} ${timestamp} ${price}`)
    }
  }
  const lost = [...providerStats].filter(
    ([id, { symbol, timestamp, price }]) => stored.get(id) !== `${symbol} ${timestamp} ${price}`,
  )
  assert.deepEqual(lost, [], 'acknowledged, and not there as it was told')
}

/** No price that Yahoo never said, and each average the mean of its five, by school arithmetic. */
async function assertHonest({ url }: ServiceProcess, symbol: string, said: ReadonlySet<string>): Promise<void> {
  const all = await historyOf(url, symbol, '&include=superseded')
  const invented = all.filter(({ timestamp, price }) => !said.has(`${symbol} ${Date.parse(timestamp)} ${price}`))
  assert.deepEqual(invented, [])

  const current = await historyOf(url, symbol)
  const expected = expectedAverages(new Map(current.map(({ price }, index) => [index, price])), 5)
  const stored = await until(async () => {
    const averages = await averagesOf(url, symbol)
    return JSON.stringify(averages) === JSON.stringify(expected.map(([, average]) => average)) && averages
  }, `the right averages of ${symbol}`)
  assert.equal(stored.length, Math.max(0, current.length - 4))
}

async function assertVerified(t: TestContext, { dataDir }: ServiceProcess): Promise<void> {
  const { code, stdout, stderr } = await runCommand(['verify', '--json'], { dataDir })
  t.diagnostic(`verify: ${stdout.trim()}`)
  assert.equal(code, 0, `${stdout}${stderr}`)
}

/** Oldest first; as CSV, which keeps every digit and has no pages. */
async function historyOf(url: string, symbol: string, more = '') {
  const { text } = await ask(`${url}/prices/history?symbol=${symbol}&order=asc&format=csv${more}`)
  const [, ...lines] = text.trimEnd().split('\n')
  return lines.map((line) => {
    const [id = '', timestamp = '', price = ''] = line.split(',')
    return { id, timestamp, price }
  })
}

async function averagesOf(url: string, symbol: string): Promise<string[]> {
  const averages: string[] = []
  let path: string | null = `/moving-averages?symbol=${symbol}&order=asc&limit=10000`
  while (path !== null) {
    const { json } = await ask(`${url}${path}`)
    averages.push(...json.data.map((one: { average: string }) => one.average))
    path = json.next_url as string | null
  }
  return averages
}

function summary(times: readonly { target: Target; ms: number }[], target: Target): string {
  const its = times.filter((one) => one.target === target).map(({ ms }) => ms)
  return `median ${Math.round(median(its))} ms, at most ${Math.round(Math.max(...its))} ms, ${its.length} times`
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0
}
