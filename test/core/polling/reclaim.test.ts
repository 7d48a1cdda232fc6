import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reclaimJobs } from '../../../src/postgres/polling/due-jobs.ts'
import { createHarness } from './poller-harness.ts'

test('a run that a killed poller left unfinished is repeated once by the next leader, and then the job is back on schedule', async (t) => {
  const { pool, jobs, addJob, startPoller, clock, requests, runsOf } = await createHarness(t)
  await addJob('AAPL', 3_600)
  const byHand = await addJob('MSFT', 3_600)
  const pausedMeanwhile = await addJob('NVDA', 3_600)
  await clock.advance(1)
  await jobs.change(byHand, { paused: true })
  await jobs.runNow(byHand)
  const first = startPoller()
  await clock.advance(5)
  await jobs.change(pausedMeanwhile, { paused: true })
  first.kill()
  await clock.advance(1_000)
  await reclaimJobs(pool)
  startPoller()
  await clock.advance(3_600_000)
  await reclaimJobs(pool)
  await clock.advance(3_600_000)
  assert.deepEqual(
    requests.slice(1).map(({ symbols, from }) => [symbols.toSorted().join(), Math.floor(from)]),
    [
      ['AAPL,MSFT', 1],
      ['AAPL', 3_600],
      ['AAPL', 7_200],
    ],
  )
  assert.deepEqual(
    [(await runsOf('AAPL')).length, (await runsOf('MSFT')).length, (await runsOf('NVDA')).length],
    [3, 1, 0],
  )
})
