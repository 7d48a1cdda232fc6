import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import type pg from 'pg'
import { MAX_JOBS, type Jobs, type Run } from '../../../src/core/polling/job.ts'
import { createJobs } from '../../../src/postgres/polling/jobs.ts'
import { instantFromMillis } from '../../../src/lib/instant.ts'
import { createDatabase } from '../../support/database.ts'

const NOON = Date.parse('2026-03-02T12:00:00Z')
const NOBODY = '00000000-0000-4000-8000-000000000000'

test('jobs are created active and due at once, and are returned in the order of the request', async (t) => {
  const { jobs } = await createTable(t)
  const made = await jobs.create({ symbols: ['MSFT', 'AAPL', 'MSFT'], provider: 'simulated', intervalSeconds: 60 })
  assert.deepEqual(
    made.map(({ symbol, status, nextRunAt, failures, lastRun, createdAt, intervalSeconds }) => [
      symbol,
      status,
      nextRunAt,
      failures,
      lastRun,
      createdAt,
      intervalSeconds,
    ]),
    ['MSFT', 'AAPL'].map((symbol) => [symbol, 'active', at(0), 0, null, at(0), 60]),
  )
})

test('creating a job for the same symbol and provider again replaces the interval and keeps id and age', async (t) => {
  const { jobs, passTime } = await createTable(t)
  const first = await createJob(jobs)
  await jobs.change(first.jobId, { paused: true })
  passTime(90)
  const [again] = await jobs.create({ symbols: ['AAPL'], provider: 'simulated', intervalSeconds: 5 })
  assert.deepEqual(again, { ...first, intervalSeconds: 5, nextRunAt: at(90) })
  const other = await jobs.create({ symbols: ['AAPL'], provider: 'replay', intervalSeconds: 5 })
  assert.notEqual(other[0]?.jobId, first.jobId)
  assert.equal(await jobs.count(), 2)
})

test('every job is listed once, oldest first, page by page', async (t) => {
  const { jobs, passTime } = await createTable(t)
  for (const symbol of ['C', 'A', 'B']) {
    await jobs.create({ symbols: [symbol, `${symbol}2`], provider: 'simulated', intervalSeconds: 60 })
    passTime(1)
  }
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const page = await jobs.list({ limit: 2, cursor })
    assert.equal(page.data.length, 2)
    seen.push(...page.data.map((job) => job.symbol[0] ?? ''))
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
  assert.deepEqual(seen, ['C', 'C', 'A', 'A', 'B', 'B'])
})

test('a cursor of another list is refused', async (t) => {
  const { jobs } = await createTable(t)
  const { jobId } = await createJob(jobs)
  for (const cursor of ['', '12', 'x', '17-17', `1-${NOBODY}x`, "1-' or 1=1"]) {
    await assert.rejects(jobs.list({ limit: 10, cursor }), { code: 'invalid_request' }, cursor)
  }
  for (const cursor of ['', 'x', '-1', '1'.repeat(19)]) {
    await assert.rejects(jobs.runs(jobId, { limit: 10, cursor }), { code: 'invalid_request' }, cursor)
  }
})

test('an unknown id, in any form, is not found', async (t) => {
  const { jobs } = await createTable(t)
  await createJob(jobs)
  for (const id of [NOBODY, '', '17', 'nonsense', `${NOBODY}0`, '%00', "'; drop table polling_jobs"]) {
    assert.equal(await jobs.find(id), undefined)
    assert.equal(await jobs.change(id, { paused: true }), undefined)
    assert.equal(await jobs.runNow(id), undefined)
    assert.equal(await jobs.runs(id, { limit: 10 }), undefined)
    assert.equal(await jobs.remove(id), false)
  }
  assert.equal(await jobs.count(), 1)
})

test('a paused job has no next run; resumed, it is due at once', async (t) => {
  const { jobs, passTime } = await createTable(t)
  const { jobId } = await createJob(jobs)
  const paused = await jobs.change(jobId, { paused: true })
  assert.deepEqual([paused?.status, paused?.nextRunAt], ['paused', null])
  passTime(500)
  const resumed = await jobs.change(jobId, { paused: false })
  assert.deepEqual([resumed?.status, resumed?.nextRunAt], ['active', at(500)])
  passTime(10)
  assert.deepEqual(await jobs.change(jobId, { paused: false }), resumed)
})

test('a new interval counts from now, and the same interval again changes nothing', async (t) => {
  const { jobs, passTime } = await createTable(t)
  const { jobId } = await createJob(jobs)
  passTime(5)
  const changed = await jobs.change(jobId, { intervalSeconds: 30 })
  assert.deepEqual([changed?.intervalSeconds, changed?.nextRunAt], [30, at(35)])
  passTime(10)
  assert.deepEqual(await jobs.change(jobId, { intervalSeconds: 30 }), changed)
  assert.deepEqual(await jobs.change(jobId, {}), changed)
  const paused = await jobs.change(jobId, { paused: true, intervalSeconds: 7 })
  assert.deepEqual([paused?.status, paused?.nextRunAt, paused?.intervalSeconds], ['paused', null, 7])
})

test('a manual run is due at once, even of a paused job, and never later than planned', async (t) => {
  const { jobs, passTime } = await createTable(t)
  const { jobId } = await createJob(jobs)
  await jobs.change(jobId, { intervalSeconds: 30 })
  passTime(3)
  assert.equal((await jobs.runNow(jobId))?.nextRunAt, at(3))
  passTime(3)
  assert.equal((await jobs.runNow(jobId))?.nextRunAt, at(3))
  await jobs.change(jobId, { paused: true })
  const byHand = await jobs.runNow(jobId)
  assert.deepEqual([byHand?.status, byHand?.nextRunAt], ['paused', at(6)])
})

test('a deleted job is gone with its runs', async (t) => {
  const { jobs, pool } = await createTable(t)
  const { jobId } = await createJob(jobs)
  await addRun(pool, jobId, 1)
  assert.equal(await jobs.remove(jobId), true)
  assert.equal(await jobs.remove(jobId), false)
  assert.equal((await pool.query('select from polling_runs')).rowCount, 0)
})

test('runs are listed newest first, page by page', async (t) => {
  const { jobs, pool } = await createTable(t)
  const { jobId } = await createJob(jobs)
  for (const second of [1, 2, 3]) await addRun(pool, jobId, second)
  const first = await jobs.runs(jobId, { limit: 2 })
  assert.deepEqual(first?.data.map(startOf), [at(3), at(2)])
  assert.ok(first.nextCursor)
  const rest = await jobs.runs(jobId, { limit: 2, cursor: first.nextCursor })
  assert.deepEqual(rest?.data.map(startOf), [at(1)])
  assert.equal(rest.nextCursor, null)
})

test('a job shows its newest run', async (t) => {
  const { jobs, pool } = await createTable(t)
  const { jobId } = await createJob(jobs)
  for (const second of [1, 2]) await addRun(pool, jobId, second)
  const job = await jobs.find(jobId)
  assert.ok(job?.lastRun)
  const { runId, ...run } = job.lastRun
  const error = { code: 'no_price', detail: 'None.' }
  assert.deepEqual(run, { startedAt: at(2), finishedAt: at(2), outcome: 'failed', priceId: null, error })
  assert.equal((await jobs.runs(jobId, { limit: 1 }))?.data[0]?.runId, runId)
})

test('the number of jobs is limited; existing ones can still be replaced', async (t) => {
  const { jobs } = await createTable(t)
  const symbols = Array.from({ length: MAX_JOBS - 1 }, (_, n) => `S${n}`)
  await jobs.create({ symbols, provider: 'simulated', intervalSeconds: 60 })
  const request = { symbols: ['A', 'B'], provider: 'simulated', intervalSeconds: 60 }
  await assert.rejects(jobs.create(request), { code: 'invalid_request' })
  await jobs.create({ ...request, symbols: ['S1', 'A'] })
  assert.equal((await jobs.create({ ...request, symbols: ['S1', 'A'], intervalSeconds: 1 }))[0]?.intervalSeconds, 1)
  assert.equal(await jobs.count(), MAX_JOBS)
})

test('the same jobs from many concurrent requests are created once, and no request deadlocks', async (t) => {
  const { jobs } = await createTable(t)
  const symbols = Array.from({ length: 40 }, (_, n) => `S${n}`)
  const requests = Array.from({ length: 12 }, (_, n) => ({
    symbols: n % 2 ? symbols : symbols.toReversed(),
    provider: 'simulated',
    intervalSeconds: n + 1,
  }))
  await Promise.all(requests.map((request) => jobs.create(request)))
  assert.equal(await jobs.count(), 40)
})

async function createTable(t: TestContext) {
  const pool = await createDatabase(t)
  let now = NOON
  const jobs = createJobs(pool, { now: () => now, monotonic: () => now, sleep: async () => {} })
  return { pool, jobs, passTime: (seconds: number) => (now += seconds * 1000) }
}

async function createJob(jobs: Jobs) {
  const [job] = await jobs.create({ symbols: ['AAPL'], provider: 'simulated', intervalSeconds: 60 })
  assert.ok(job)
  return job
}

function startOf(run: Run) {
  return run.startedAt
}

function at(seconds: number) {
  return instantFromMillis(NOON + seconds * 1000)
}

async function addRun(pool: pg.Pool, jobId: string, second: number): Promise<void> {
  await pool.query(
    `insert into polling_runs (job_id, started_at, finished_at, outcome, error)
     values ($1, $2, $2, 'failed', '{"code": "no_price", "detail": "None."}')`,
    [jobId, at(second)],
  )
}
