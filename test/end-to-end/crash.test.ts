import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import test, { type TestContext } from 'node:test'
import { sixDigits, type Instant } from '../../src/lib/instant.ts'
import { expectedAverages } from '../core/averages/oracle.ts'
import { ask } from '../support/request.ts'
import { createRandom } from '../support/random.ts'
import {
  createEmptyDataDir,
  LAUNCHER,
  processesIn,
  runCommand,
  startService,
  type ServiceProcess,
} from '../support/service-process.ts'
import { until } from '../support/until.ts'
import { createYahooFake } from '../support/yahoo-fake.ts'
import { quoteEverChanging, startLoad, SYMBOLS, type AcknowledgedPrices } from './crash-load.ts'

// `npm run crash` is the long version. CRASH_SEED repeats the random choices of a run; the timing still varies.

const rounds = Number(process.env['CRASH_ROUNDS'] ?? 8)
const seed = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000)
const isLong = rounds >= 50

const TARGETS = ['the service', 'the database', 'both'] as const
type Target = (typeof TARGETS)[number]

test(`${rounds} times kill -9 during writes: every acknowledged price is kept, and every average is correct`, async (t) => {
  t.diagnostic(`seed ${seed}`)
  const random = createRandom(seed)
  const fake = await createYahooFake(t)
  const quoted = quoteEverChanging(fake, random)
  const start = (dataDir?: string) =>
    startService(t, {
      args: ['--demo'],
      env: { YFINANCE_BASE_URL: fake.url, LOG_LEVEL: 'warn' },
      ...(dataDir !== undefined && { dataDir }),
    })
  const acknowledged: AcknowledgedPrices = new Map()
  const times: { readonly target: Target; readonly ms: number }[] = []
  let service = await start()

  for (let round = 0; round < rounds; round++) {
    const target = TARGETS[(round + seed) % TARGETS.length]!
    const load = startLoad(service.url, random, acknowledged)
    await load.untilAcknowledged(20 + Math.floor(200 * random()))
    if (target === 'the database') {
      times.push({ target, ms: await killDatabase(service, () => load.untilAcknowledged(1)) })
      await load.end()
    } else {
      const orphan = service.postmasterPid()!
      if (target === 'both') process.kill(orphan, 'SIGKILL')
      await Promise.all([service.kill(), load.end()])
      service = await start(service.dataDir)
      times.push({ target, ms: service.readyMs })
      assert.ok(!processesIn(service.dataDir).includes(orphan), 'the old database has exited')
    }
    await assertAllStored(service, acknowledged)
  }

  t.diagnostic(`${acknowledged.size} prices acknowledged`)
  for (const target of TARGETS) t.diagnostic(`recovery after ${target} was killed: ${summary(times, target)}`)
  for (const symbol of SYMBOLS) await assertCorrect(service, symbol, quoted)
  await assertVerified(t, service)
  assert.equal(await service.stop(), 0)
  assert.deepEqual(processesIn(service.dataDir), [])
  if (isLong) assert.ok(median(times.map(({ ms }) => ms)) < 3_000, 'recovers in under 3 s')
})

test('a service that is killed while it creates its database starts again, and leaves no partial database', async (t) => {
  const dataDir = createEmptyDataDir()
  const child = spawn(process.execPath, [LAUNCHER, 'serve'], { env: { DATA_DIR: dataDir, PORT: '0' }, stdio: 'ignore' })
  await until(() => readdirSync(dataDir).some((name) => name.startsWith('pg18')), 'the database is being created')
  child.kill('SIGKILL')
  await once(child, 'exit')

  const service = await startService(t, { dataDir })
  assert.deepEqual(
    readdirSync(dataDir).filter((name) => name.startsWith('pg18')),
    ['pg18'],
  )
  assert.equal((await ask(`${service.url}/prices/latest?symbol=AAPL&provider=simulated`)).status, 200)
})

/** The time from the kill to the next acknowledged price, in milliseconds. */
async function killDatabase(service: ServiceProcess, nextPrice: () => Promise<void>): Promise<number> {
  const postmaster = service.postmasterPid()!
  process.kill(postmaster, 'SIGKILL')
  const since = performance.now()
  await until(() => ![undefined, postmaster].includes(service.postmasterPid()), 'another database')
  await nextPrice()
  return performance.now() - since
}

async function assertAllStored({ url }: ServiceProcess, acknowledged: AcknowledgedPrices): Promise<void> {
  const stored = new Map<string, string>()
  for (const symbol of SYMBOLS) {
    for (const { id, timestamp, price } of await historyOf(url, symbol, '&include=superseded')) {
      stored.set(id, `${symbol} ${timestamp} ${price}`)
    }
  }
  const lost = [...acknowledged].filter(
    ([id, { symbol, timestamp, price }]) => stored.get(id) !== `${symbol} ${sixDigits(timestamp as Instant)} ${price}`,
  )
  assert.deepEqual(lost, [], 'acknowledged, but not stored unchanged')
}

/** Every price was quoted by Yahoo, and every average matches a naive computation. */
async function assertCorrect({ url }: ServiceProcess, symbol: string, quoted: ReadonlySet<string>): Promise<void> {
  const all = await historyOf(url, symbol, '&include=superseded')
  const invented = all.filter(({ timestamp, price }) => !quoted.has(`${symbol} ${Date.parse(timestamp)} ${price}`))
  assert.deepEqual(invented, [])

  const current = await historyOf(url, symbol)
  const expected = expectedAverages(new Map(current.map(({ price }, index) => [index, price])), 5)
  const stored = await until(async () => {
    const averages = await averagesOf(url, symbol)
    return JSON.stringify(averages) === JSON.stringify(expected.map(([, average]) => average)) && averages
  }, `the correct averages of ${symbol}`)
  assert.equal(stored.length, Math.max(0, current.length - 4))
}

async function assertVerified(t: TestContext, { dataDir }: ServiceProcess): Promise<void> {
  const { code, stdout, stderr } = await runCommand(['verify', '--json'], { dataDir })
  t.diagnostic(`verify: ${stdout.trim()}`)
  assert.equal(code, 0, `${stdout}${stderr}`)
}

/** Oldest first; from CSV, which keeps every digit and is not paginated. */
async function historyOf(url: string, symbol: string, more = '') {
  const { text } = await ask(`${url}/prices/history?symbol=${symbol}&order=asc&format=csv${more}`)
  const [, ...lines] = text.trimEnd().split('\n')
  return lines.map((line) => {
    const [, , id = '', timestamp = '', price = ''] = line.split(',')
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
  const own = times.filter((one) => one.target === target).map(({ ms }) => ms)
  return `median ${Math.round(median(own))} ms, at most ${Math.round(Math.max(...own))} ms, ${own.length} times`
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0
}
