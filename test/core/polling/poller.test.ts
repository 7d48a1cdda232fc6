import assert from 'node:assert/strict'
import test from 'node:test'
import { ServiceError } from '../../../src/errors.ts'
import { at, createHarness } from './poller-harness.ts'

test('a new job runs at once and then every interval, to the moment', async (t) => {
  const { makeJobs, startPoller, clock, asked, runsOf } = await createHarness(t)
  await makeJobs(['AAPL'], 60)
  startPoller()
  await clock.advance(185_000)
  assert.deepEqual(
    asked.map((request) => request.from),
    [0, 60, 120, 180],
  )
  const runs = await runsOf('AAPL')
  assert.equal(runs.length, 4)
  assert.deepEqual(
    { ...runs[1], runId: '' },
    { runId: '', startedAt: at(60), finishedAt: at(60.01), outcome: 'recorded', priceId: '17', error: null },
  )
})

test('a job that another process made is seen within a second, and after a wake-up at once', async (t) => {
  const { makeJobs, startPoller, clock, asked } = await createHarness(t)
  const poller = startPoller()
  await clock.advance(400)
  await makeJobs(['AAPL'], 3600)
  await clock.advance(700)
  assert.deepEqual(
    asked.map((request) => request.from),
    [1],
  )
  await makeJobs(['MSFT'], 3600)
  poller.wake()
  await clock.advance(0)
  assert.deepEqual(
    asked.map((request) => request.from),
    [1, 1.1],
  )
})

test('jobs of the same provider and moment are asked in one request, up to its limit', async (t) => {
  const { makeJobs, startPoller, clock, asked } = await createHarness(t)
  await makeJobs(['A', 'B', 'C'], 60)
  await makeJobs(['X'], 60, 'replay')
  await clock.advance(20)
  await makeJobs(['D', 'E'], 60)
  await clock.advance(59_000)
  startPoller({ maxBatch: 4 })
  await clock.advance(100)
  asked.length = 0
  await clock.advance(1_500)
  const sizes = asked.map(({ provider, symbols, from }) => `${from} ${provider} ${symbols.length}`)
  assert.deepEqual(new Set(sizes), new Set(['60 simulated 4', '60 simulated 1', '60 replay 1']))
})

test('a run that takes longer than the interval never overlaps with the next, and what is missed becomes one run', async (t) => {
  const { makeJobs, startPoller, clock, asked, market } = await createHarness(t)
  market.takesMs = () => 3_500
  await makeJobs(['AAPL'], 1)
  startPoller()
  await clock.advance(20_000)
  assert.deepEqual(
    asked.map((request) => request.from),
    [0, 3.5, 7, 10.5, 14, 17.5],
  )
})

test('after downtime the missed runs become one at once, and the job keeps its phase', async (t) => {
  const { makeJobs, startPoller, clock, asked } = await createHarness(t)
  await makeJobs(['AAPL'], 60)
  const first = startPoller()
  await clock.advance(61_000)
  first.stop()
  await clock.advance(600_000)
  await first.over
  startPoller()
  await clock.advance(120_000)
  assert.deepEqual(
    asked.map((request) => request.from),
    [0, 60, 661, 720, 780],
  )
})

test('a poller killed in the middle of a run leaves the job to the next one, which goes on once per interval', async (t) => {
  const { makeJob, startPoller, clock, asked, runsOf } = await createHarness(t)
  await makeJob('AAPL')
  const first = startPoller()
  await clock.advance(60_005)
  first.kill()
  startPoller()
  await clock.advance(130_000)
  assert.deepEqual(
    asked.map((request) => request.from),
    [0, 60, 120, 180],
  )
  // The run of the second 60 died with its process; nobody claims to know what became of it.
  assert.deepEqual(
    (await runsOf('AAPL')).map((run) => run.startedAt),
    [at(0), at(120), at(180)],
  )
})

test('no more requests at once than allowed, and one provider that hangs leaves room for the others', async (t) => {
  const { makeJobs, startPoller, clock, asked, market } = await createHarness(t)
  market.takesMs = (provider) => (provider === 'hanging' ? 1e9 : 10)
  const symbols = Array.from({ length: 20 }, (_, n) => `S${n}`)
  await makeJobs(symbols, 3600, 'hanging')
  await makeJobs(symbols, 10)
  startPoller({ maxBatch: 1, concurrency: 6 })
  await clock.advance(15_000)
  assert.equal(asked.filter((request) => request.provider === 'hanging').length, 3)
  assert.equal(asked.filter((request) => request.provider === 'simulated').length, 40)
})

test('a request that hangs is a failed run once its deadline is over', async (t) => {
  const { makeJobs, startPoller, clock, market, runsOf } = await createHarness(t)
  market.takesMs = () => 1e9
  await makeJobs(['AAPL'], 3600)
  startPoller()
  await clock.advance(160_000)
  const [run] = await runsOf('AAPL')
  assert.deepEqual([run?.outcome, run?.error?.code, run?.finishedAt], ['failed', 'provider_timeout', at(150)])
})

test('a failing job is tried again later and later, and is on its grid again once it is good', async (t) => {
  const { makeJob, startPoller, clock, asked, market, nextRunOf } = await createHarness(t)
  market.takesMs = () => 0
  market.fails = (symbol) => (symbol === 'BAD' ? new ServiceError('no_price', 'None today.') : undefined)
  const job = await makeJob('BAD')
  await makeJob('GOOD')
  startPoller()
  await clock.advance(50_000)
  // In the middle of their spread: 7.5 s, then twice as long each time.
  const starts = asked.map(({ from, symbols }) => `${from} ${symbols.toSorted((a, b) => a.localeCompare(b)).join()}`)
  assert.deepEqual(starts, ['0 BAD,GOOD', '7.5 BAD', '22.5 BAD'])
  assert.equal(await nextRunOf(job), at(52.5))
  market.fails = () => undefined
  await clock.advance(5_000)
  assert.equal(await nextRunOf(job), at(60))
})

test('a failing job shows that it fails, how often and why, until it is good again', async (t) => {
  const { makeJob, startPoller, clock, market, jobs } = await createHarness(t)
  market.fails = () => new ServiceError('no_price', 'None today.')
  const job = await makeJob('AAPL')
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

test('a job of a provider that is no longer there says so, and holds up no other', async (t) => {
  const { makeJobs, startPoller, clock, asked, runsOf } = await createHarness(t)
  await makeJobs(['OLD'], 2, 'gone')
  await makeJobs(['AAPL'], 2)
  startPoller()
  await clock.advance(10_000)
  assert.equal(asked.filter((request) => request.provider === 'simulated').length, 6)
  assert.equal((await runsOf('OLD'))[0]?.error?.code, 'unknown_provider')
})

test('a provider that asks for patience is not asked earlier', async (t) => {
  const { makeJobs, startPoller, clock, asked, market } = await createHarness(t)
  market.takesMs = () => 0
  market.fails = () => new ServiceError('provider_rate_limited', 'Slow down.', { retryAfterSeconds: 100 })
  await makeJobs(['AAPL'], 2)
  startPoller()
  await clock.advance(150_000)
  assert.deepEqual(
    asked.map((request) => request.from),
    [0, 100],
  )
})

test('what a person plans during a run stands, also if the run fails', async (t) => {
  const { makeJob, startPoller, clock, market, jobs, nextRunOf } = await createHarness(t)
  market.takesMs = () => 5_000
  market.fails = () => new ServiceError('no_price', 'None.')
  const [paused, faster, removed, again] = [
    await makeJob('P'),
    await makeJob('F'),
    await makeJob('R'),
    await makeJob('A'),
  ]
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

test('a paused job runs only when it is told to, and then once', async (t) => {
  const { makeJob, startPoller, clock, asked, jobs } = await createHarness(t)
  const job = await makeJob('AAPL', 2)
  await jobs.change(job, { paused: true })
  const poller = startPoller()
  await clock.advance(10_000)
  await jobs.runNow(job)
  poller.wake()
  await clock.advance(10_000)
  assert.deepEqual(
    asked.map((request) => request.from),
    [10],
  )
  assert.equal((await jobs.find(job))?.status, 'paused')
})

test('while the storage is away the poller waits; a run that ended meanwhile is recorded when it is back', async (t) => {
  const { makeJobs, startPoller, clock, asked, database, runsOf } = await createHarness(t)
  await makeJobs(['AAPL'], 10)
  startPoller()
  await clock.advance(5)
  database.broken = true
  await clock.advance(25_000)
  assert.equal(asked.length, 1)
  database.broken = false
  await clock.advance(10_000)
  assert.equal((await runsOf('AAPL')).length, asked.length)
  assert.deepEqual(
    asked.map((request) => Math.floor(request.from)),
    [0, 25, 30],
  )
})

test('stopping waits for the work in hand', async (t) => {
  const { makeJobs, startPoller, clock, market, runsOf } = await createHarness(t)
  market.takesMs = () => 1_500
  await makeJobs(['AAPL'], 60)
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

test('stopping gives back what is not done within a few seconds, to be run at the next start', async (t) => {
  const { makeJob, startPoller, clock, market, runsOf, nextRunOf } = await createHarness(t)
  market.takesMs = () => 60_000
  const job = await makeJob('AAPL')
  const poller = startPoller()
  await clock.advance(500)
  poller.stop()
  await clock.advance(4_000)
  await poller.over
  assert.deepEqual(await runsOf('AAPL'), [])
  assert.equal(await nextRunOf(job), at(0))
})
