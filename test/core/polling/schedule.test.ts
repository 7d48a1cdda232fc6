import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { claimJob, retryDelayMs, type DueJob } from '../../../src/core/polling/schedule.ts'
import { instantFromMicros, instantFromMillis, microsOf } from '../../../src/lib/instant.ts'

const START = Date.parse('2026-03-02T12:00:00Z')
const YEAR = 31_536_000
const intervals = fc.oneof(fc.integer({ min: 1, max: 120 }), fc.integer({ min: 1, max: YEAR }))

const dueJobs = fc
  .record({ intervalSeconds: intervals, dueAfterMs: fc.nat({ max: 1e9 }), micros: fc.nat({ max: 999 }) })
  .map(({ intervalSeconds, dueAfterMs, micros }): DueJob => ({
    jobId: 'job',
    symbol: 'AAPL',
    provider: 'simulated',
    intervalSeconds,
    paused: false,
    failures: 0,
    anchoredAt: instantFromMicros(BigInt(START) * 1000n + BigInt(micros)),
    dueAt: instantFromMillis(START + dueAfterMs),
  }))

test('however late a job runs, its next time is the first of its schedule after now and after the time it was due', () => {
  fc.assert(
    fc.property(dueJobs, fc.integer({ min: -25, max: 2e9 }), (job, lateMs) => {
      const nowMs = Date.parse(job.dueAt) + lateMs
      const { nextRunAt } = claimJob(job, nowMs)
      assert.ok(nextRunAt)
      const next = microsOf(nextRunAt)
      const interval = BigInt(job.intervalSeconds) * 1_000_000n
      const after = [microsOf(job.dueAt), BigInt(nowMs) * 1000n]
      assert.equal((next - microsOf(job.anchoredAt)) % interval, 0n)
      assert.ok(after.every((moment) => next > moment))
      const before = next - interval
      assert.ok([...after, microsOf(job.anchoredAt)].some((moment) => before <= moment))
    }),
  )
})

test('a job that always runs on time runs once per interval', () => {
  let job: DueJob = { ...fc.sample(dueJobs, 1)[0]!, intervalSeconds: 60, anchoredAt: instantFromMillis(START) }
  job = { ...job, dueAt: job.anchoredAt }
  for (let minute = 1; minute <= 5; minute++) {
    const { nextRunAt } = claimJob(job, START + (minute - 1) * 60_000 + 3)
    assert.equal(nextRunAt, instantFromMillis(START + minute * 60_000))
    job = { ...job, dueAt: nextRunAt }
  }
})

test('a manual run of a paused job schedules no further run', () => {
  fc.assert(fc.property(dueJobs, (job) => claimJob({ ...job, paused: true }, START).nextRunAt === null))
})

const failures = fc.record({
  intervalSeconds: intervals,
  failures: fc.integer({ min: 1, max: 100_000 }),
  retryAfterSeconds: fc.option(fc.integer({ min: 0, max: 86_400 }), { nil: undefined }),
})
const chances = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

test("a retry waits at least the base and the provider's Retry-After, and at most the cap or that Retry-After", () => {
  fc.assert(
    fc.property(failures, chances, (failure, chance) => {
      const delay = retryDelayMs(failure, chance)
      const retryAfterMs = (failure.retryAfterSeconds ?? 0) * 1000
      const interval = failure.intervalSeconds * 1000
      assert.ok(delay >= Math.max(retryAfterMs, Math.min(interval, 5_000)))
      assert.ok(delay <= Math.max(retryAfterMs, interval, 300_000))
    }),
  )
})

test('each further failure doubles the wait until the cap, spread over a factor of two', () => {
  assert.deepEqual(hourlyWaits(0), [5, 10, 20, 40, 1800])
  assert.deepEqual(hourlyWaits(1), [10, 20, 40, 80, 3600])
  assert.equal(retryDelayMs({ intervalSeconds: 2, failures: 1 }, 0), 2_000)
})

test('a Retry-After of more than a day counts as a day', () => {
  const failure = { intervalSeconds: 60, failures: 1, retryAfterSeconds: 1e300 }
  assert.equal(retryDelayMs(failure, 0), 86_400_000)
})

/** In seconds, after several failures in a row. */
function hourlyWaits(chance: number): number[] {
  return [1, 2, 3, 4, 20].map((count) => retryDelayMs({ intervalSeconds: 3600, failures: count }, chance) / 1000)
}
