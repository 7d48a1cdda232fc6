import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ServiceError } from '../../../src/errors.ts'
import { createProviderStats, isProviderFailing } from '../../../src/core/health/provider-stats.ts'
import { createRequestCounts, summarizeRequests, type HourCount } from '../../../src/core/health/provider-requests.ts'
import { instantFromMillis } from '../../../src/lib/instant.ts'
import { createRequestTable } from '../../../src/postgres/health/provider-requests.ts'
import { createDatabase } from '../../support/database.ts'

const HOUR_MS = 3_600_000
const LIMITED = new ServiceError('provider_rate_limited', 'Slow down.')
const HELD_BACK = new ServiceError('provider_rate_limited', 'Slow down.', { wasHeldBack: true })

/** A process that counts into the table; its time is the test's. */
function createProcess(table: Parameters<typeof createRequestCounts>[0]['table'], clock: { now: () => number }) {
  const its = { ...clock, monotonic: clock.now, sleep: async () => {} }
  const providerStats = createProviderStats(its)
  const counts = createRequestCounts({ providerStats, table, clock: its, onError: () => {} })
  return { ...counts, providerStats, ask: providerStats.observeFor('question'), poll: providerStats.observeFor('job') }
}

test('requests are counted by cause and hour over all processes, and those that were held back are not', async (t) => {
  const table = createRequestTable(await createDatabase(t))
  let now = Date.now() - (Date.now() % HOUR_MS)
  const [one, two] = [createProcess(table, { now: () => now }), createProcess(table, { now: () => now })]
  one.ask('yfinance', 5)
  one.poll('yfinance', 5)
  two.poll('yfinance', 5, LIMITED)
  two.poll('yfinance', 5, HELD_BACK)
  await two.read()
  now += HOUR_MS
  one.poll('yfinance', 5)
  const { hours } = summarizeRequests(await one.read(), 'yfinance', now)
  assert.deepEqual(hours, [
    { hour: instantFromMillis(now - HOUR_MS), question: 1, job: 2, rateLimited: 1 },
    { hour: instantFromMillis(now), question: 0, job: 1, rateLimited: 0 },
  ])
  assert.deepEqual(summarizeRequests(await one.read(), 'simulated', now).hours, [])
})

test('today begins at midnight UTC, and at most 24 hours are listed', () => {
  const now = Date.parse('2026-03-02T01:30:00Z')
  const counts = Array.from({ length: 30 }, (_, ago): HourCount => ({
    provider: 'yfinance',
    hour: instantFromMillis(Date.parse('2026-03-02T01:00:00Z') - ago * HOUR_MS),
    cause: 'job',
    requests: 1,
    rateLimited: 0,
  }))
  assert.deepEqual(summarizeRequests(counts, 'yfinance', now).today, { question: 0, job: 2, rateLimited: 0 })
})

test('counts survive a storage that is unavailable, and are saved once', async () => {
  const saved: HourCount[] = []
  let isAway = true
  const table = {
    add: async (counts: readonly HourCount[]) => {
      if (isAway) throw new Error('connection refused')
      saved.push(...counts)
    },
    readSince: async () => saved,
  }
  const { ask, read } = createProcess(table, { now: () => HOUR_MS * 500_000 })
  ask('yfinance', 5)
  await assert.rejects(read())
  ask('yfinance', 5)
  isAway = false
  assert.deepEqual(
    (await read()).map(({ requests }) => requests),
    [2],
  )
  assert.equal((await read()).length, 1)
})

test('rows older than two days are deleted by the next write', async (t) => {
  const pool = await createDatabase(t)
  const table = createRequestTable(pool)
  const count = { provider: 'yfinance', cause: 'job', requests: 1, rateLimited: 0 } as const
  await table.add([{ ...count, hour: instantFromMillis(Date.now() - 60 * HOUR_MS) }])
  await table.add([{ ...count, hour: instantFromMillis(Date.now()) }])
  assert.equal((await pool.query('select from provider_requests')).rowCount, 1)
})

test('a failure matters for ten minutes, and longer only while active jobs depend on the provider', () => {
  const at = Date.parse('2026-03-02T12:00:00Z')
  const lastError = { code: 'provider_unavailable', detail: 'Away.', at: instantFromMillis(at) } as const
  const [failed, fine] = [
    { failuresInARow: 2, lastError },
    { failuresInARow: 0, lastError },
  ]
  const [noJobs, jobs] = [
    { activeJobs: 0, failingJobs: 0 },
    { activeJobs: 2, failingJobs: 0 },
  ]
  const minutes = (count: number) => at + count * 60_000
  assert.equal(isProviderFailing(failed, noJobs, minutes(9)), true)
  assert.equal(isProviderFailing(failed, noJobs, minutes(11)), false)
  assert.equal(isProviderFailing(failed, jobs, minutes(600)), true)
  assert.equal(isProviderFailing(fine, jobs, minutes(1)), false)
  assert.equal(isProviderFailing(fine, { activeJobs: 2, failingJobs: 2 }, minutes(1)), true)
  assert.equal(isProviderFailing(fine, { activeJobs: 2, failingJobs: 1 }, minutes(1)), false)
})
