import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { createPool } from '../../src/postgres/connection/pool.ts'
import { ask } from '../support/request.ts'
import { accessTo, needsKafkaItself } from '../support/kafka.ts'
import { createRandom } from '../support/random.ts'
import { runCommand } from '../support/service-process.ts'
import { until } from '../support/until.ts'
import { createYahooFake, json, QUOTE_PATH } from '../support/yahoo-fake.ts'
import { assertPublished, assertAverages, assertStoredOnce, untilCaughtUp, untilVerified } from './crash-checks.ts'
import { injectFaults, type Fault } from './crash-faults.ts'
import { keepBroker, keepPostgres, keepService, type KeptService, type ProcessRun } from './crash-targets.ts'
import { quoteEachOnce, startWriters, SYMBOLS, type AcknowledgedPrices } from './crash-writers.ts'

// `npm run crash:distributed` is the long version. CRASH_SEED repeats the random choices of a run; the timing still varies.

const faultCount = Number(process.env['CRASH_FAULTS'] ?? 18)
const priceCount = Number(process.env['CRASH_PRICES'] ?? 10_000)
const seed = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000)
const isLong = faultCount >= 200

const TOPIC = 'price-events'
const WINDOWS = [5, 20]
const JOBS = SYMBOLS.slice(0, 4)
/** The average pause between two faults. */
const PAUSE_MS = isLong ? 4_000 : 1_000
const BATCH = isLong ? 400 : 100
const PATIENCE = { withinMs: 300_000, everyMs: 500 }

test(
  `${faultCount} times a process is killed, stopped or frozen during writes: every acknowledged price is stored once, published in order and averaged, and everything recovers by itself`,
  { ...needsKafkaItself, timeout: isLong ? 7_200_000 : 540_000 },
  async (t) => {
    t.diagnostic(`seed ${seed}`)
    const random = createRandom(seed)
    const installation = await createInstallation(t, random)
    const { pool, apis, targets, runs, quotes, startLoad, access, run } = installation
    const acknowledged: AcknowledgedPrices = new Map()
    const since = performance.now()
    const load = startLoad(acknowledged)
    await startJobs(apis[0]!)

    const faults = await injectFaults({
      targets,
      count: faultCount,
      random,
      pause: async (faultsSoFar) => {
        await sleep(2 * PAUSE_MS * random())
        await until(() => acknowledged.size >= (priceCount * faultsSoFar) / faultCount, 'enough prices', PATIENCE)
      },
    })
    await until(() => acknowledged.size >= priceCount, 'enough prices', PATIENCE)
    const faultsMs = performance.now() - since
    await load.end()
    await assertRecovered(targets, apis)
    await untilPolled(pool)
    await endJobs(apis[0]!)
    report(t, { faults, runs, faultsMs })
    t.diagnostic(`${acknowledged.size} prices acknowledged, ${load.retries()} writes retried`)
    t.diagnostic(`over HTTP: ${[...load.responses].map(([name, times]) => `${name} ${times} times`).join(', ')}`)
    assertNoFault(runs, load.responses)

    const caughtUpSince = performance.now()
    await untilCaughtUp(pool, WINDOWS)
    const stored = await assertStoredOnce(pool, acknowledged, quotes)
    const verified = await untilVerified(run)
    t.diagnostic(`caught up after ${seconds(performance.now() - caughtUpSince)}; verify: ${verified}`)
    const records = await assertPublished(pool, access, TOPIC)
    t.diagnostic(`${stored} prices stored, ${records} on the topic: ${records - stored} published again`)
    await assertAverages(pool, WINDOWS)
    assert.deepEqual((await pool.query('select * from dead_letters')).rows, [])
  },
)

/** A database, a broker and nine processes; faults are injected into each, and each is restarted when it exits. */
async function createInstallation(t: TestContext, random: () => number) {
  const [fake, postgres, broker] = await Promise.all([createYahooFake(t), keepPostgres(t), keepBroker(t)])
  const quotes = quoteEachOnce(random)
  fake.answer(QUOTE_PATH, ({ query }) => json(quotes.replyTo((query.get('symbols') ?? '').split(','))))
  const pool = createPool(postgres.url, { size: 10, onError: () => {} })
  t.after(() => pool.end())
  const env = {
    DATABASE_URL: postgres.url,
    KAFKA_BROKERS: broker.brokers,
    KAFKA_TOPIC: TOPIC,
    MA_WINDOWS: WINDOWS.join(),
    YFINANCE_BASE_URL: fake.url,
    LOG_LEVEL: 'warn',
  }
  const runs: ProcessRun[] = []
  const keep = (part: string) => keepService(t, { part, args: ['serve', '--roles', part], env, runs })
  const apis = [keep('api'), keep('api')]
  const parts = ['poller', 'poller', 'relay', 'relay', 'consumer', 'consumer', 'consumer']
  const services = [...apis, ...parts.map(keep)]
  await Promise.all(services.map((service) => service.recovered()))
  return {
    pool,
    apis,
    targets: [...services, broker, postgres],
    runs,
    quotes,
    access: accessTo(broker.brokers),
    startLoad: (acknowledged: AcknowledgedPrices) =>
      startWriters(t, { pool, quotes, apis: apis.map(({ url }) => url), random, acknowledged, batch: BATCH }),
    run: (args: readonly string[]) => runCommand(args, { env, withinMs: 1_800_000 }),
  }
}

async function startJobs(api: KeptService): Promise<void> {
  for (const symbol of JOBS) {
    const { status, text } = await ask(`${api.url()}/prices/poll`, {
      method: 'POST',
      body: { symbol, interval_seconds: 1 },
    })
    assert.equal(status, 202, text)
  }
}

async function untilPolled(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query('select now()')
  const polled = `select from polling_runs where started_at > $1 and outcome = 'recorded' group by job_id`
  const isPolled = async () => (await pool.query(polled, [rows[0].now])).rowCount === JOBS.length
  await until(isPolled, 'each job has run', PATIENCE)
}

/** So that no new prices arrive. */
async function endJobs(api: KeptService): Promise<void> {
  const jobs = await ask(`${api.url()}/prices/poll`)
  assert.equal(jobs.json.data.length, JOBS.length)
  for (const { job_id } of jobs.json.data) {
    assert.equal((await ask(`${api.url()}/prices/poll/${job_id}`, { method: 'DELETE' })).status, 204)
  }
}

/** Everything recovers by itself; health is `ok` once every provider and job works and the averages are up to date. */
async function assertRecovered(targets: readonly { recovered(): Promise<void> }[], apis: readonly KeptService[]) {
  await Promise.all(targets.map((target) => target.recovered()))
  for (const api of apis) {
    const price = `${api.url()}/prices/latest?symbol=${SYMBOLS[0]}&max_age=0`
    await until(async () => (await ask(price)).status === 200, 'a new price', PATIENCE)
    await until(async () => (await ask(`${api.url()}/health`)).json.status === 'ok', 'health is ok', PATIENCE)
  }
}

/** Every process exited and logged as expected, and clients received only expected responses. */
function assertNoFault(runs: readonly ProcessRun[], responses: ReadonlyMap<string, number>): void {
  const unexpected = runs.filter((run) => !isExpectedExit(run) || FAULT.test(run.stderr))
  assert.deepEqual(unexpected, [], 'an unexpected exit or log message')
  const others = [...responses.keys()].filter((response) => !/^(none|200|50[234])/.test(response))
  assert.deepEqual(others, [], 'an unexpected response')
}

const FAULT = /unhandled|uncaught|(Type|Reference|Range|Syntax|Assertion)Error|our fault|MaxListeners|"level":[56]0/i

function isExpectedExit({ sent, wasReady, code, signal }: ProcessRun): boolean {
  if (sent === 'SIGKILL') return signal === 'SIGKILL'
  if (sent === 'SIGTERM' && wasReady) return code === 0
  // A start without a database fails, and is repeated by the service manager.
  return !wasReady && (code === 1 || signal === 'SIGTERM')
}

function report(t: TestContext, { faults, runs, faultsMs }: Outcome): void {
  t.diagnostic(`${faults.length} faults in ${seconds(faultsMs)}; ${runs.filter(failedToStart).length} failed starts`)
  for (const [part, own] of Map.groupBy(faults, (fault) => fault.part)) {
    const kinds = Map.groupBy(own, ({ kind }) => kind)
    for (const [kind, times] of kinds) {
      const recoveryMs = times.map((one) => one.recoveryMs).toSorted((a, b) => a - b)
      const median = seconds(recoveryMs[Math.floor(recoveryMs.length / 2)]!)
      const frozenMs = Math.max(...times.map((one) => one.frozenMs))
      const longest = frozenMs > 0 ? `, at most ${seconds(frozenMs)} long` : ''
      t.diagnostic(
        `${part} ${kind} ${times.length} times${longest}: recovered after ${median}, at most ${seconds(recoveryMs.at(-1)!)}`,
      )
    }
  }
}

type Outcome = { readonly faults: readonly Fault[]; readonly runs: readonly ProcessRun[]; readonly faultsMs: number }

function failedToStart({ wasReady, sent }: ProcessRun): boolean {
  return !wasReady && sent === undefined
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}
