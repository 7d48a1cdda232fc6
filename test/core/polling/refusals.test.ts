import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { ServiceError, type ErrorCode } from '../../../src/errors.ts'
import { runBatch } from '../../../src/core/polling/batch.ts'
import { claimJob } from '../../../src/core/polling/schedule.ts'
import type { StoredPrice } from '../../../src/core/prices/quote.ts'
import { instantFromMillis } from '../../../src/lib/instant.ts'
import { createDueJobs } from '../../../src/postgres/polling/due-jobs.ts'
import { createJobs } from '../../../src/postgres/polling/jobs.ts'
import { createDatabase } from '../../support/database.ts'

const NOON = Date.parse('2026-03-02T12:00:00Z')
const HOUR_SECONDS = 3_600

/** A job of one symbol, with the real table; `run` runs it as the poller does when it is due. */
async function createJobRun(t: TestContext) {
  const pool = await createDatabase(t)
  let now = NOON
  const clock = { now: () => now, monotonic: () => now, sleep: () => new Promise<void>(() => {}) }
  const [jobs, dueJobs] = [createJobs(pool, clock), createDueJobs(pool)]
  const [job] = await jobs.create({ symbols: ['NOSUCH'], provider: 'yfinance', intervalSeconds: HOUR_SECONDS })
  assert.ok(job)
  const { signal } = new AbortController()

  async function run(code: ErrorCode | undefined) {
    await dueJobs.pullForward(instantFromMillis(now))
    const query = { provider: 'yfinance', until: instantFromMillis(now), except: [], limit: 10 }
    const due = await dueJobs.due(query)
    const claims = await dueJobs.claim(due.map((one) => claimJob(one, now)))
    const error = code && new ServiceError(code, 'Not known.')
    const price = { priceId: '17', marketState: 'open', delaySeconds: 0 } as StoredPrice
    const ingest = async () => [
      error
        ? { symbol: 'NOSUCH', error }
        : { symbol: 'NOSUCH', outcome: 'recorded' as const, price, replySha256: '5a' },
    ]
    const log = { debug: () => {}, warn: () => {} }
    const runs = await runBatch({ ingest, clock, random: () => 0, log }, { provider: 'yfinance', claims }, signal)
    await dueJobs.finish(runs ?? [])
    return claims.length
  }

  const repeat = async (
    code: ErrorCode | undefined,
    { times, everySeconds }: { times: number; everySeconds: number },
  ) => {
    for (let n = 0; n < times; n++) {
      await run(code)
      now += everySeconds * 1000
    }
    return (await jobs.find(job.jobId))!
  }
  return { jobs, job, repeat, run, pass: (seconds: number) => (now += seconds * 1000) }
}

const EVERY_TWO_HOURS = 2 * HOUR_SECONDS

test('a job whose symbol is refused 20 times over a day pauses itself, says why, and runs again once resumed', async (t) => {
  const { jobs, job, repeat, run, pass } = await createJobRun(t)
  const before = await repeat('symbol_not_found', { times: 19, everySeconds: EVERY_TWO_HOURS })
  assert.deepEqual([before.status, before.pausedReason], ['failing', null])
  const paused = await repeat('symbol_not_found', { times: 1, everySeconds: EVERY_TWO_HOURS })
  assert.deepEqual([paused.status, paused.nextRunAt, paused.failures], ['paused', null, 20])
  assert.equal(paused.pausedReason, 'yfinance refused NOSUCH 20 times in 38 h: Not known.')
  pass(86_400)
  assert.equal(await run('symbol_not_found'), 0)
  const resumed = await jobs.change(job.jobId, { paused: false })
  assert.deepEqual([resumed?.status, resumed?.pausedReason], ['failing', null])
  // It has a day again.
  assert.equal((await repeat('no_price', { times: 19, everySeconds: EVERY_TWO_HOURS })).status, 'failing')
})

test('refusals from when the clock was ahead do not put off the pause', async (t) => {
  const { repeat, pass } = await createJobRun(t)
  await repeat('symbol_not_found', { times: 1, everySeconds: 0 })
  pass(-30 * 86_400)
  assert.equal((await repeat('symbol_not_found', { times: 18, everySeconds: EVERY_TWO_HOURS })).status, 'failing')
  assert.equal((await repeat('symbol_not_found', { times: 1, everySeconds: EVERY_TWO_HOURS })).status, 'paused')
})

test('20 refusals within a day pause nothing, and neither does a provider that fails for a week', async (t) => {
  const { repeat } = await createJobRun(t)
  assert.equal((await repeat('symbol_delisted', { times: 25, everySeconds: 3_000 })).status, 'failing')
  assert.equal((await repeat(undefined, { times: 1, everySeconds: EVERY_TWO_HOURS })).status, 'active')
  assert.equal((await repeat('provider_unavailable', { times: 84, everySeconds: EVERY_TWO_HOURS })).status, 'failing')
})

test('a success ends a row of refusals, and a failure of the provider does not', async (t) => {
  const { repeat } = await createJobRun(t)
  await repeat('no_price', { times: 15, everySeconds: EVERY_TWO_HOURS })
  await repeat(undefined, { times: 1, everySeconds: EVERY_TWO_HOURS })
  assert.equal((await repeat('no_price', { times: 15, everySeconds: EVERY_TWO_HOURS })).status, 'failing')
  await repeat('provider_timeout', { times: 3, everySeconds: EVERY_TWO_HOURS })
  assert.equal((await repeat('no_price', { times: 5, everySeconds: EVERY_TWO_HOURS })).status, 'paused')
})

test('ordering the job again ends the pause', async (t) => {
  const { jobs, repeat } = await createJobRun(t)
  await repeat('no_price', { times: 20, everySeconds: EVERY_TWO_HOURS })
  const [again] = await jobs.create({ symbols: ['NOSUCH'], provider: 'yfinance', intervalSeconds: 60 })
  assert.deepEqual([again?.status, again?.pausedReason], ['active', null])
})
