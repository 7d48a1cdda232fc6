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
import { assertPublished, assertAverages, assertStoredOnce, untilQuiet, untilVerified } from './crash-checks.ts'
import { strikeAll, type Fault } from './crash-faults.ts'
import { keepBroker, keepPostgres, keepService, type KeptService, type Life } from './crash-targets.ts'
import { quoteEachOnce, startWriters, SYMBOLS, type ProviderStats } from './crash-writers.ts'

// `npm run crash:distributed` is the long version. CRASH_SEED repeats the choices of a run; the moments are the machine's own.

const faultCount = Number(process.env['CRASH_FAULTS'] ?? 18)
const priceCount = Number(process.env['CRASH_PRICES'] ?? 10_000)
const seed = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000)
const isLong = faultCount >= 200

const TOPIC = 'price-events'
const WINDOWS = [5, 20]
const JOBS = SYMBOLS.slice(0, 4)
/** On average, between two faults. */
const PAUSE_MS = isLong ? 4_000 : 1_000
const BATCH = isLong ? 400 : 100
const QUIET = { withinMs: 300_000, everyMs: 500 }

test(
  `${faultCount} times a process is killed, stopped or frozen during writes: every acknowledged price is stored once, published in order and averaged, and everything recovers by itself`,
  { ...needsKafkaItself, timeout: isLong ? 7_200_000 : 540_000 },
  async (t) => {
    t.diagnostic(`seed ${seed}`)
    const random = createRandom(seed)
    const installation = await createInstallation(t, random)
    const { pool, apis, targets, lives, quoting, startLoad, access, run } = installation
    const providerStats: ProviderStats = new Map()
    const since = performance.now()
    const load = startLoad(providerStats)
    await startJobs(apis[0]!)

    const faults = await strikeAll({
      targets,
      count: faultCount,
      random,
      pause: async (faultsSoFar) => {
        await sleep(2 * PAUSE_MS * random())
        await until(() => providerStats.size >= (priceCount * faultsSoFar) / faultCount, 'enough prices', QUIET)
      },
    })
    await until(() => providerStats.size >= priceCount, 'enough prices', QUIET)
    const faultsMs = performance.now() - since
    await load.end()
    await assertRecovered(targets, apis)
    await untilPolled(pool)
    await endJobs(apis[0]!)
    report(t, { faults, lives, faultsMs })
    t.diagnostic(`${providerStats.size} prices acknowledged, ${load.retries()} recordings tried again`)
    t.diagnostic(`over HTTP: ${[...load.answers].map(([name, times]) => `${name} ${times} times`).join(', ')}`)
    assertNoFault(lives, load.answers)

    const sinceEnd = performance.now()
    await untilQuiet(pool, WINDOWS)
    const stored = await assertStoredOnce(pool, providerStats, quoting)
    const verified = await untilVerified(run)
    t.diagnostic(`quiet after ${seconds(performance.now() - sinceEnd)}; verify: ${verified}`)
    const records = await assertPublished(pool, access, TOPIC)
    t.diagnostic(`${stored} prices stored, ${records} on the topic: ${records - stored} announced again`)
    await assertAverages(pool, WINDOWS)
    assert.deepEqual((await pool.query('select * from dead_letters')).rows, [])
  },
)

/** A database, a broker and nine processes, each of them kept alive by somebody, and each to be hurt. */
async function createInstallation(t: TestContext, random: () => number) {
  const [fake, postgres, broker] = await Promise.all([createYahooFake(t), keepPostgres(t), keepBroker(t)])
  const quoting = quoteEachOnce(random)
  fake.answer(QUOTE_PATH, ({ query }) => json(quoting.replyTo((query.get('symbols') ?? '').split(','))))
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
  const lives: Life[] = []
  const keep = (part: string) => keepService(t, { part, words: ['serve', '--roles', part], env, lives })
  const apis = [keep('api'), keep('api')]
  const parts = ['poller', 'poller', 'relay', 'relay', 'consumer', 'consumer', 'consumer']
  const services = [...apis, ...parts.map(keep)]
  await Promise.all(services.map((service) => service.back()))
  return {
    pool,
    apis,
    targets: [...services, broker, postgres],
    lives,
    quoting,
    access: accessTo(broker.brokers),
    startLoad: (providerStats: ProviderStats) =>
      startWriters(t, { pool, quoting, apis: apis.map(({ url }) => url), random, providerStats, batch: BATCH }),
    run: (words: readonly string[]) => runCommand(words, { env, withinMs: 1_800_000 }),
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
  await until(isPolled, 'each job was run', QUIET)
}

/** So that it becomes quiet. */
async function endJobs(api: KeptService): Promise<void> {
  const jobs = await ask(`${api.url()}/prices/poll`)
  assert.equal(jobs.json.data.length, JOBS.length)
  for (const { job_id } of jobs.json.data) {
    assert.equal((await ask(`${api.url()}/prices/poll/${job_id}`, { method: 'DELETE' })).status, 204)
  }
}

/** Without any help; health is `ok` once every provider and every job works and the averages are there. */
async function assertRecovered(targets: readonly { back(): Promise<void> }[], apis: readonly KeptService[]) {
  await Promise.all(targets.map((target) => target.back()))
  for (const api of apis) {
    const price = `${api.url()}/prices/latest?symbol=${SYMBOLS[0]}&max_age=0`
    await until(async () => (await ask(price)).status === 200, 'a new price', QUIET)
    await until(async () => (await ask(`${api.url()}/health`)).json.status === 'ok', 'health is ok', QUIET)
  }
}

/** What each process said in all of its lives, how it ended, and what callers were told. */
function assertNoFault(lives: readonly Life[], answers: ReadonlyMap<string, number>): void {
  const wrong = lives.filter((life) => !isExpectedEnd(life) || FAULT.test(life.stderr))
  assert.deepEqual(wrong, [], 'ended or spoke as it never should')
  const ours = [...answers.keys()].filter((answer) => !/^(none|200|50[234])/.test(answer))
  assert.deepEqual(ours, [], 'answered as it never should')
}

const FAULT = /unhandled|uncaught|(Type|Reference|Range|Syntax|Assertion)Error|our fault|MaxListeners|"level":[56]0/i

function isExpectedEnd({ asked, wasReady, code, signal }: Life): boolean {
  if (asked === 'SIGKILL') return signal === 'SIGKILL'
  if (asked === 'SIGTERM' && wasReady) return code === 0
  // A start without a database is given up, and tried again by whoever keeps the service.
  return !wasReady && (code === 1 || signal === 'SIGTERM')
}

function report(t: TestContext, { faults, lives, faultsMs }: Outcome): void {
  t.diagnostic(`${faults.length} faults in ${seconds(faultsMs)}; ${lives.filter(startedInVain).length} starts in vain`)
  for (const [part, its] of Map.groupBy(faults, (fault) => fault.part)) {
    const kinds = Map.groupBy(its, ({ kind }) => kind)
    for (const [kind, times] of kinds) {
      const backMs = times.map((one) => one.backMs).toSorted((a, b) => a - b)
      const median = seconds(backMs[Math.floor(backMs.length / 2)]!)
      const frozenMs = Math.max(...times.map((one) => one.frozenMs))
      const longest = frozenMs > 0 ? `, at most for ${seconds(frozenMs)}` : ''
      t.diagnostic(
        `${part} ${kind} ${times.length} times${longest}: back after ${median}, at most ${seconds(backMs.at(-1)!)}`,
      )
    }
  }
}

type Outcome = { readonly faults: readonly Fault[]; readonly lives: readonly Life[]; readonly faultsMs: number }

function startedInVain({ wasReady, asked }: Life): boolean {
  return !wasReady && asked === undefined
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}
