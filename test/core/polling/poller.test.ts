import assert from 'node:assert/strict'
import test from 'node:test'
import { ServiceError } from '../../../src/errors.ts'
import { at, createHarness } from './poller-harness.ts'

test('a new job runs at once and then every interval, to the moment', async (t) => {
  const { addJobs, startPoller, clock, requests, runsOf } = await createHarness(t)
  await addJobs(['AAPL'], 60)
  startPoller()
  await clock.advance(185_000)
  assert.deepEqual(
    requests.map((request) => request.from),
    [0, 60, 120, 180],
  )
  const runs = await runsOf('AAPL')
  assert.equal(runs.length, 4)
  assert.deepEqual(
    { ...runs[1], runId: '' },
    { runId: '', startedAt: at(60), finishedAt: at(60.01), outcome: 'recorded', priceId: '17', error: null },
  )
})

test('a job that another process created is noticed within a second, and at once after a wake-up', async (t) => {
  const { addJobs, startPoller, clock, requests } = await createHarness(t)
  const poller = startPoller()
  await clock.advance(400)
  await addJobs(['AAPL'], 3600)
  await clock.advance(700)
  assert.deepEqual(
    requests.map((request) => request.from),
    [1],
  )
  await addJobs(['MSFT'], 3600)
  poller.wake()
  await clock.advance(0)
  assert.deepEqual(
    requests.map((request) => request.from),
    [1, 1.1],
  )
})

test('jobs of the same provider and time are fetched in one request, up to its limit', async (t) => {
  const { addJobs, startPoller, clock, requests } = await createHarness(t)
  await addJobs(['A', 'B', 'C'], 60)
  await addJobs(['X'], 60, 'replay')
  await clock.advance(20)
  await addJobs(['D', 'E'], 60)
  await clock.advance(59_000)
  startPoller({ maxBatch: 4 })
  await clock.advance(100)
  requests.length = 0
  await clock.advance(1_500)
  const sizes = requests.map(({ provider, symbols, from }) => `${from} ${provider} ${symbols.length}`)
  assert.deepEqual(new Set(sizes), new Set(['60 simulated 4', '60 simulated 1', '60 replay 1']))
})

test('a run that takes longer than the interval never overlaps with the next, and missed times become one run', async (t) => {
  const { addJobs, startPoller, clock, requests, market } = await createHarness(t)
  market.takesMs = () => 3_500
  await addJobs(['AAPL'], 1)
  startPoller()
  await clock.advance(20_000)
  assert.deepEqual(
    requests.map((request) => request.from),
    [0, 3.5, 7, 10.5, 14, 17.5],
  )
})

test('after downtime the missed runs become one at once, and the job keeps its phase', async (t) => {
  const { addJobs, startPoller, clock, requests } = await createHarness(t)
  await addJobs(['AAPL'], 60)
  const first = startPoller()
  await clock.advance(61_000)
  first.stop()
  await clock.advance(600_000)
  await first.over
  startPoller()
  await clock.advance(120_000)
  assert.deepEqual(
    requests.map((request) => request.from),
    [0, 60, 661, 720, 780],
  )
})

test('after a poller is killed during a run, the next poller runs the job once per interval', async (t) => {
  const { addJob, startPoller, clock, requests, runsOf } = await createHarness(t)
  await addJob('AAPL')
  const first = startPoller()
  await clock.advance(60_005)
  first.kill()
  startPoller()
  await clock.advance(130_000)
  assert.deepEqual(
    requests.map((request) => request.from),
    [0, 60, 120, 180],
  )
  // The run at second 60 died with its process, and no result is claimed for it.
  assert.deepEqual(
    (await runsOf('AAPL')).map((run) => run.startedAt),
    [at(0), at(120), at(180)],
  )
})

test('concurrent requests are limited, and a provider that hangs leaves capacity for the others', async (t) => {
  const { addJobs, startPoller, clock, requests, market } = await createHarness(t)
  market.takesMs = (provider) => (provider === 'hanging' ? 1e9 : 10)
  const symbols = Array.from({ length: 20 }, (_, n) => `S${n}`)
  await addJobs(symbols, 3600, 'hanging')
  await addJobs(symbols, 10)
  startPoller({ maxBatch: 1, concurrency: 6 })
  await clock.advance(15_000)
  assert.equal(requests.filter((request) => request.provider === 'hanging').length, 3)
  assert.equal(requests.filter((request) => request.provider === 'simulated').length, 40)
})

test('a request that hangs is a failed run once its deadline is over', async (t) => {
  const { addJobs, startPoller, clock, market, runsOf } = await createHarness(t)
  market.takesMs = () => 1e9
  await addJobs(['AAPL'], 3600)
  startPoller()
  await clock.advance(160_000)
  const [run] = await runsOf('AAPL')
  assert.deepEqual([run?.outcome, run?.error?.code, run?.finishedAt], ['failed', 'provider_timeout', at(150)])
})

test('a failing job is retried at growing intervals, and returns to its schedule once it succeeds', async (t) => {
  const { addJob, startPoller, clock, requests, market, nextRunOf } = await createHarness(t)
  market.takesMs = () => 0
  market.fails = (symbol) => (symbol === 'BAD' ? new ServiceError('no_price', 'None today.') : undefined)
  const job = await addJob('BAD')
  await addJob('GOOD')
  startPoller()
  await clock.advance(50_000)
  // In the middle of their spread: 7.5 s, then twice as long each time.
  const starts = requests.map(({ from, symbols }) => `${from} ${symbols.toSorted((a, b) => a.localeCompare(b)).join()}`)
  assert.deepEqual(starts, ['0 BAD,GOOD', '7.5 BAD', '22.5 BAD'])
  assert.equal(await nextRunOf(job), at(52.5))
  market.fails = () => undefined
  await clock.advance(5_000)
  assert.equal(await nextRunOf(job), at(60))
})

test('a failing job shows how often it failed and why, until it succeeds', async (t) => {
  const { addJob, startPoller, clock, market, jobs } = await createHarness(t)
  market.fails = () => new ServiceError('no_price', 'None today.')
  const job = await addJob('AAPL')
  startPoller()
  await clock.advance(10_000)
  const failing = await jobs.find(job)
  assert.ok(failing?.lastRun)
  assert.deepEqual([failing.status, failing.failures], ['failing', 2])
  assert.deepEqual(failing.lastRun.error, { code: 'no_price', detail: 'None today.' })
  market.fails = () => undefined
  await clock.advance(60_000)
  const good = await jobs.find(job)
  assert.deepEqual([good?.status, good?.failures, good?.lastRun?.error], ['active', 0, null])
})

test('a job of a provider that no longer exists shows that, and delays no other job', async (t) => {
  const { addJobs, startPoller, clock, requests, runsOf } = await createHarness(t)
  await addJobs(['OLD'], 2, 'gone')
  await addJobs(['AAPL'], 2)
  startPoller()
  await clock.advance(10_000)
  assert.equal(requests.filter((request) => request.provider === 'simulated').length, 6)
  assert.equal((await runsOf('OLD'))[0]?.error?.code, 'unknown_provider')
})

test("a provider's Retry-After is honoured", async (t) => {
  const { addJobs, startPoller, clock, requests, market } = await createHarness(t)
  market.takesMs = () => 0
  market.fails = () => new ServiceError('provider_rate_limited', 'Slow down.', { retryAfterSeconds: 100 })
  await addJobs(['AAPL'], 2)
  startPoller()
  await clock.advance(150_000)
  assert.deepEqual(
    requests.map((request) => request.from),
    [0, 100],
  )
})

test('a change that a user makes during a run is kept, even if the run fails', async (t) => {
  const { addJob, startPoller, clock, market, jobs, nextRunOf } = await createHarness(t)
  market.takesMs = () => 5_000
  market.fails = () => new ServiceError('no_price', 'None.')
  const [paused, faster, removed, again] = [await addJob('P'), await addJob('F'), await addJob('R'), await addJob('A')]
  startPoller()
  await clock.advance(1_000)
  await jobs.change(paused, { paused: true })
  await jobs.change(faster, { intervalSeconds: 30 })
  await jobs.remove(removed)
  await jobs.runNow(again)
  await clock.advance(4_500)
  assert.equal(await nextRunOf(paused), null)
  assert.equal(await nextRunOf(faster), at(31))
  assert.equal(await nextRunOf(again), at(60))
  await clock.advance(5_000)
  assert.equal((await jobs.runs(again, { limit: 10 }))?.data.length, 2)
})

test('a paused job runs only on a manual request, and then once', async (t) => {
  const { addJob, startPoller, clock, requests, jobs } = await createHarness(t)
  const job = await addJob('AAPL', 2)
  await jobs.change(job, { paused: true })
  const poller = startPoller()
  await clock.advance(10_000)
  await jobs.runNow(job)
  poller.wake()
  await clock.advance(10_000)
  assert.deepEqual(
    requests.map((request) => request.from),
    [10],
  )
  assert.equal((await jobs.find(job))?.status, 'paused')
})

test('while the storage is unavailable the poller waits, and a run that ended in that time is recorded afterwards', async (t) => {
  const { addJobs, startPoller, clock, requests, database, runsOf } = await createHarness(t)
  await addJobs(['AAPL'], 10)
  startPoller()
  await clock.advance(5)
  database.broken = true
  await clock.advance(25_000)
  assert.equal(requests.length, 1)
  database.broken = false
  await clock.advance(10_000)
  assert.equal((await runsOf('AAPL')).length, requests.length)
  assert.deepEqual(
    requests.map((request) => Math.floor(request.from)),
    [0, 25, 30],
  )
})

test('stopping waits for requests in flight', async (t) => {
  const { addJobs, startPoller, clock, market, runsOf } = await createHarness(t)
  market.takesMs = () => 1_500
  await addJobs(['AAPL'], 60)
  const poller = startPoller()
  await clock.advance(500)
  poller.stop()
  await clock.advance(1_500)
  await poller.over
  assert.deepEqual(
    (await runsOf('AAPL')).map((run) => run.outcome),
    ['recorded'],
  )
})

test('stopping releases jobs that do not end within a few seconds, and they run at the next start', async (t) => {
  const { addJob, startPoller, clock, market, runsOf, nextRunOf } = await createHarness(t)
  market.takesMs = () => 60_000
  const job = await addJob('AAPL')
  const poller = startPoller()
  await clock.advance(500)
  poller.stop()
  await clock.advance(4_000)
  await poller.over
  assert.deepEqual(await runsOf('AAPL'), [])
  assert.equal(await nextRunOf(job), at(0))
})
