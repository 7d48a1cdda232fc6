import assert from 'node:assert/strict'
import test from 'node:test'
import { isOpen, sessionsOf } from '../../../src/core/calendar/sessions.ts'
import { mayRetryAt, nextRunInHours, type JobMarket } from '../../../src/core/polling/market-hours.ts'
import { claimJob, replanJob, retryInHours, type DueJob } from '../../../src/core/polling/schedule.ts'
import { instantFromMillis, millisOf } from '../../../src/lib/instant.ts'

const HOUR_MS = 3_600_000
const XNYS: JobMarket = { exchange: 'XNYS', hours: 'regular', state: 'open', delaySeconds: 0 }

/** Of a job that runs every second, the first run after 1970 began. */
function afterEpoch(market: JobMarket): number {
  return nextRunInHours(market, (from) => Math.ceil(from / 1000) * 1000, 0)
}

function at(text: string): number {
  return Date.parse(text)
}

/** The times at which a job runs, each planned by the run before, as the poller does. */
function runsOf(market: JobMarket, schedule: { everySeconds: number; from: string; to: string }): number[] {
  const runs: number[] = []
  const anchoredAt = instantFromMillis(at(schedule.from))
  let now = at(schedule.from)
  while (now < at(schedule.to)) {
    const due = { jobId: 'job', symbol: 'AAPL', provider: 'yfinance', paused: false, failures: 0, market, anchoredAt }
    const job: DueJob = { ...due, intervalSeconds: schedule.everySeconds, dueAt: instantFromMillis(now) }
    const next = claimJob(job, now).nextRunAt
    assert.ok(next && millisOf(next) > now)
    now = millisOf(next)
    if (now < at(schedule.to)) runs.push(now)
  }
  return runs
}

function daysOf(runs: readonly number[]): Set<string> {
  return new Set(runs.map((run) => new Date(run - 5 * HOUR_MS).toISOString().slice(0, 10)))
}

test('in a year a job with regular hours runs on every trading day, and never on a weekend or a holiday', () => {
  const runs = runsOf(XNYS, { everySeconds: 1800, from: '2026-01-01T00:00:00Z', to: '2027-01-01T00:00:00Z' })
  const days = daysOf(runs)
  for (let day = at('2026-01-01T00:00:00Z'); day < at('2027-01-01T00:00:00Z'); day += 24 * HOUR_MS) {
    const text = new Date(day).toISOString().slice(0, 10)
    assert.equal(days.has(text), sessionsOf('XNYS', text)?.length !== 0, text)
  }
  for (const holiday of ['2026-01-01', '2026-01-19', '2026-04-03', '2026-07-03', '2026-11-26', '2026-12-25']) {
    assert.ok(!days.has(holiday), holiday)
  }
})

test('of all runs of a year, one a day is after the close, by the delay of the feed and a few minutes for the auction', () => {
  const delayed = { ...XNYS, delaySeconds: 900 }
  const runs = runsOf(delayed, { everySeconds: 1800, from: '2026-01-01T00:00:00Z', to: '2027-01-01T00:00:00Z' })
  const late = runs.filter((run) => !isOpen('XNYS', 'regular', run))
  assert.equal(late.length, daysOf(runs).size)
  for (const run of late) {
    const close = run - (900 + 360) * 1000
    assert.equal(isOpen('XNYS', 'regular', close - 1), true)
    assert.equal(isOpen('XNYS', 'regular', close), false)
  }
  // A half day.
  assert.ok(late.includes(at('2026-11-27T18:21:00Z')))
})

test('a job whose times never fall into the session runs once a day, after the close', () => {
  const runs = runsOf(XNYS, { everySeconds: 86_400, from: '2026-11-23T03:00:00Z', to: '2026-11-30T00:00:00Z' })
  assert.deepEqual(
    runs.map((run) => new Date(run).toISOString()),
    ['23T21:06', '24T21:06', '25T21:06', '27T18:06'].map((time) => `2026-11-${time}:00.000Z`),
  )
})

test('during lunch there is no run, and a lunch break is no close', () => {
  const tokyo = { ...XNYS, exchange: 'XTKS' }
  const runs = runsOf(tokyo, { everySeconds: 1800, from: '2026-03-02T00:00:00Z', to: '2026-03-03T00:00:00Z' })
  assert.deepEqual(
    runs.map((run) => new Date(run + 9 * HOUR_MS).toISOString().slice(11, 16)),
    ['09:30', '10:00', '10:30', '11:00', '12:30', '13:00', '13:30', '14:00', '14:30', '15:00', '15:36'],
  )
})

test('extended hours of New York are from 04:00 to 20:00', () => {
  const extended = { ...XNYS, hours: 'extended' } as const
  const runs = runsOf(extended, { everySeconds: 3600, from: '2026-03-02T05:00:00Z', to: '2026-03-03T05:00:00Z' })
  const times = runs.map((run) => new Date(run - 5 * HOUR_MS).toISOString().slice(11, 16))
  assert.deepEqual([times[0], times.at(-2), times.at(-1), times.length], ['04:00', '19:00', '20:06', 17])
})

test('elsewhere extended hours follow what the provider reports after the close', () => {
  const london = { exchange: 'XLON', hours: 'extended', delaySeconds: 0 } as const
  const after = at('2026-03-02T16:36:00Z')
  const next = (state: 'post' | 'closed') =>
    nextRunInHours({ ...london, state }, (from) => Math.ceil(from / 60_000) * 60_000, after)
  assert.equal(next('post'), at('2026-03-02T16:37:00Z'))
  assert.equal(next('closed'), at('2026-03-03T08:00:00Z'))
})

test('without a calendar a closed market is looked at every 15 min at most, and any other at each interval', () => {
  const unknown = { ...XNYS, exchange: undefined }
  assert.equal(afterEpoch({ ...unknown, state: 'open' }), 1_000)
  assert.equal(afterEpoch({ ...unknown, state: 'always' }), 1_000)
  assert.equal(afterEpoch({ ...unknown, state: 'unknown' }), 1_000)
  assert.equal(afterEpoch({ ...unknown, state: 'post' }), 900_000)
  assert.equal(afterEpoch({ ...unknown, state: 'post', hours: 'extended' }), 1_000)
  assert.equal(afterEpoch({ ...unknown, state: 'closed', hours: 'extended' }), 900_000)
})

test('beyond the end of the calendar the state that the provider reports decides', () => {
  const after = at('2030-01-05T15:00:00Z')
  const next = (state: 'open' | 'closed') =>
    nextRunInHours({ ...XNYS, state }, (from) => Math.ceil(from / 60_000) * 60_000, after)
  assert.deepEqual([next('open') - after, next('closed') - after], [60_000, 900_000])
})

test('a failed run is retried while the market is open and for three hours after the close, and not on a holiday', () => {
  assert.ok(mayRetryAt(XNYS, at('2026-11-25T15:00:00Z')))
  assert.ok(mayRetryAt(XNYS, at('2026-11-25T23:59:00Z')))
  assert.ok(!mayRetryAt(XNYS, at('2026-11-26T15:00:00Z')))
  const due = { jobId: 'job', symbol: 'AAPL', provider: 'yfinance', intervalSeconds: 60, paused: false, failures: 0 }
  const anchoredAt = instantFromMillis(at('2026-11-25T15:00:00Z'))
  const claim = claimJob({ ...due, market: XNYS, anchoredAt, dueAt: anchoredAt }, at('2026-11-26T15:00:00Z'))
  assert.equal(retryInHours(claim, at('2026-11-26T15:00:05Z')), null)
  assert.equal(claim.nextRunAt, '2026-11-27T14:30:00Z')
})

test('what a run learns of the market plans the next one', () => {
  const due = { jobId: 'job', symbol: 'GC=F', provider: 'yfinance', intervalSeconds: 60, paused: false, failures: 0 }
  const anchoredAt = instantFromMillis(at('2026-11-25T15:00:00Z'))
  const market = { ...XNYS, exchange: undefined, state: 'unknown' } as const
  const claim = claimJob({ ...due, market, anchoredAt, dueAt: anchoredAt }, at('2026-11-25T15:00:00Z'))
  assert.equal(claim.nextRunAt, '2026-11-25T15:01:00Z')
  assert.equal(replanJob(claim, { state: 'closed' }, at('2026-11-25T15:00:01Z')), '2026-11-25T15:16:00Z')
  const always = claimJob({ ...due, anchoredAt, dueAt: anchoredAt }, at('2026-11-25T15:00:00Z'))
  assert.equal(replanJob(always, { state: 'closed' }, at('2026-11-25T15:00:01Z')), null)
})
