import assert from 'node:assert/strict'
import test from 'node:test'
import { ServiceError } from '../../../src/errors.ts'
import { createHarness, type Request } from './poller-harness.ts'

const HOUR_MS = 3_600_000

/** The times of requests are of the clock that is set, so requests since a step are counted. */
function countSince(requests: readonly Request[], done: number): number {
  return requests.length - done
}

for (const [name, backMs] of [
  ['an hour', HOUR_MS],
  ['a minute', 60_000],
] as const) {
  test(`when the clock is set back by ${name}, a job continues within its interval`, async (t) => {
    const { addJobs, startPoller, clock, requests } = await createHarness(t)
    await addJobs(['AAPL'], 2)
    startPoller()
    await clock.advance(10_000)
    const done = requests.length
    clock.step(-backMs)
    await clock.advance(10_000)
    assert.ok(countSince(requests, done) >= 4, `${countSince(requests, done)} runs in 10 s`)
  })
}

test('a job that follows market hours continues within its interval when the clock is set back by an hour', async (t) => {
  const { jobs, startPoller, clock, requests } = await createHarness(t)
  await jobs.create({ symbols: ['AAPL'], provider: 'simulated', intervalSeconds: 2, marketHours: 'regular' })
  startPoller()
  await clock.advance(10_000)
  const done = requests.length
  clock.step(-HOUR_MS)
  await clock.advance(10_000)
  assert.ok(countSince(requests, done) >= 4, `${countSince(requests, done)} runs in 10 s`)
})

test('a process that starts after the clock was put right runs jobs that were planned while it was ahead', async (t) => {
  const { addJobs, startPoller, clock, requests } = await createHarness(t)
  await addJobs(['AAPL'], 2)
  const ahead = startPoller()
  await clock.advance(5_000)
  ahead.stop()
  await clock.advance(5_000)
  clock.step(-HOUR_MS)
  const done = requests.length
  startPoller()
  await clock.advance(10_000)
  assert.ok(countSince(requests, done) >= 4)
})

test('a job that failed while the clock was ahead is retried within its back-off after the clock was put right', async (t) => {
  const { addJobs, startPoller, clock, requests, market } = await createHarness(t)
  market.fails = () => new ServiceError('provider_unavailable', 'As scripted.')
  await addJobs(['AAPL'], 2)
  startPoller()
  await clock.advance(30_000)
  clock.step(-HOUR_MS)
  const done = requests.length
  await clock.advance(10_000)
  assert.ok(countSince(requests, done) >= 1)
})

test('a retry that a provider asked for is not brought forward while the clock is right', async (t) => {
  const { addJobs, startPoller, clock, requests, market } = await createHarness(t)
  market.fails = () => new ServiceError('provider_rate_limited', 'As scripted.', { retryAfterSeconds: 1_800 })
  await addJobs(['AAPL'], 2)
  startPoller()
  await clock.advance(1_700_000)
  assert.equal(requests.length, 1)
  await clock.advance(200_000)
  assert.equal(requests.length, 2)
})

test('a job keeps its phase, and no run is repeated, when the clock is set forward or back', async (t) => {
  const { addJobs, startPoller, clock, requests } = await createHarness(t)
  await addJobs(['AAPL'], 60)
  startPoller()
  await clock.advance(65_000)
  clock.step(-HOUR_MS)
  await clock.advance(120_000)
  clock.step(2 * HOUR_MS)
  await clock.advance(120_000)
  // At a step the job may run once at once, and then it is in its phase again.
  assert.ok(requests.filter(({ from }) => (from + 3_600) % 60 === 0).length >= 5)
  assert.ok(requests.length <= 8, String(requests.length))
})
