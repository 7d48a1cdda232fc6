import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { ServiceError } from '../../../src/errors.ts'
import type { Job } from '../../../src/core/polling/job.ts'
import { createHarness, secondsOf, type Request } from './poller-harness.ts'

const MAX_BATCH = 3
const CONCURRENCY = 4
const SYMBOLS = ['A', 'B', 'C', 'D', 'E']
const LONGEST_INTERVAL = 12

type Harness = Awaited<ReturnType<typeof createHarness>>

const symbols = fc.uniqueArray(fc.constantFrom(...SYMBOLS), { minLength: 1, maxLength: 4 })
const intervals = fc.integer({ min: 1, max: LONGEST_INTERVAL })
const orders = fc.array(fc.tuple(symbols, intervals, fc.constantFrom('one', 'two')), { minLength: 1, maxLength: 3 })
/** In steps far larger than any delay, so that it is clear which time of a job a run belongs to. */
const whiles = fc.integer({ min: 0, max: 200 }).map((tenths) => tenths * 100)

test('two pollers on one table, killed anywhere, run no time of a job twice and miss none while they live', async (t) => {
  const harness = await createHarness(t)
  const crash = fc.record({ livesMs: whiles, callsLeft: fc.nat({ max: 12 }), bothDie: fc.boolean(), downMs: whiles })
  const property = fc.asyncProperty(orders, fc.array(crash, { maxLength: 4 }), async (wanted, crashes) => {
    const jobs = await startOver(harness, wanted)
    let pollers = [start(harness), start(harness)]
    for (const { livesMs, callsLeft, bothDie, downMs } of crashes) {
      await harness.clock.advance(livesMs)
      for (const poller of bothDie ? pollers : pollers.slice(1)) poller.killAfterCalls(callsLeft)
      await harness.clock.advance(downMs)
      for (const poller of pollers) poller.kill()
      pollers = [start(harness), start(harness)]
    }
    await harness.clock.advance(100)
    const calmAt = harness.clock.now()
    await harness.clock.advance(2_000 * LONGEST_INTERVAL)
    for (const poller of pollers) poller.kill()
    for (const job of jobs) assertOncePerInterval(harness, job, calmAt)
  })
  await fc.assert(property, { numRuns: 40 })
})

test('whatever users and providers do, jobs never overlap, limits and pauses hold, and in the end every job succeeds', async (t) => {
  const harness = await createHarness(t)
  const job = fc.nat({ max: 11 })
  const step = fc.oneof(
    fc.record({ kind: fc.constant('pass' as const), ms: whiles }),
    fc.record({ kind: fc.constantFrom('pause', 'resume', 'runNow', 'remove'), job }),
    fc.record({ kind: fc.constant('interval' as const), job, seconds: intervals }),
    fc.record({ kind: fc.constant('fail' as const), symbols }),
    fc.record({ kind: fc.constant('slow' as const), ms: fc.integer({ min: 0, max: 5_000 }) }),
  )
  const property = fc.asyncProperty(orders, fc.array(step, { maxLength: 15 }), async (wanted, steps) => {
    const jobs = await startOver(harness, wanted)
    const poller = start(harness)
    await harness.clock.advance(0)
    const paused = new Map<string, { job: Job; since: number }>()
    for (const one of steps) await take(harness, one, { jobs, paused })
    for (const pause of paused.values()) assertSilence(harness, pause)
    await assertRecovery(harness, jobs)
    poller.kill()
    assertBounds(harness.requests)
    for (const one of jobs) assertNoOverlap(harness, one)
  })
  await fc.assert(property, { numRuns: 40 })
})

async function startOver({ pool, requests, jobs, addJobs, market }: Harness, wanted: [string[], number, string][]) {
  await pool.query('truncate polling_jobs cascade')
  requests.length = 0
  market.takesMs = () => 10
  market.fails = () => undefined
  for (const [names, intervalSeconds, provider] of wanted) await addJobs(names, intervalSeconds, provider)
  return (await jobs.list({ limit: 100 })).data
}

function start(harness: Harness) {
  return harness.startPoller({ maxBatch: MAX_BATCH, concurrency: CONCURRENCY })
}

function isFor(request: Request, { provider, symbol }: Job): boolean {
  return request.provider === provider && request.symbols.includes(symbol)
}

function requestsFor({ requests }: Harness, job: Job): Request[] {
  return requests.filter((request) => isFor(request, job))
}

/** Each run belongs to the last scheduled time before it. */
function assertOncePerInterval(harness: Harness, job: Job, calmAt: number): void {
  const timeOf = (seconds: number) => Math.floor((seconds - secondsOf(job.createdAt)) / job.intervalSeconds + 1e-9)
  const times = requestsFor(harness, job).map((request) => timeOf(request.from))
  assert.deepEqual(times, [...new Set(times)], 'run twice')
  const calm = timeOf(secondsOf(calmAt))
  const expected = timeOf(secondsOf(harness.clock.now())) - calm
  assert.equal(times.filter((time) => time > calm).length, expected, 'missed')
}

type Step = { readonly kind: string; readonly ms?: number; readonly job?: number; readonly seconds?: number } & {
  readonly symbols?: string[]
}
type People = { readonly jobs: readonly Job[]; readonly paused: Map<string, { job: Job; since: number }> }

async function take(harness: Harness, step: Step, people: People): Promise<void> {
  const { clock, market } = harness
  if (step.kind === 'pass') return clock.advance(step.ms ?? 0)
  if (step.kind === 'slow') return void (market.takesMs = () => step.ms ?? 0)
  if (step.kind === 'fail') {
    const failing = step.symbols ?? []
    market.fails = (symbol) => (failing.includes(symbol) ? new ServiceError('no_price', 'None.') : undefined)
    return
  }
  const job = people.jobs[(step.job ?? 0) % people.jobs.length]
  assert.ok(job)
  await changeJob(harness, { step, job, paused: people.paused })
}

async function changeJob(harness: Harness, { step, job, paused }: { step: Step; job: Job; paused: People['paused'] }) {
  const { jobs, clock, requests } = harness
  const pause = paused.get(job.jobId)
  if (pause && step.kind !== 'interval') {
    assertSilence(harness, pause)
    paused.delete(job.jobId)
  }
  if (step.kind === 'pause') {
    await jobs.change(job.jobId, { paused: true })
    await clock.advance(0)
    paused.set(job.jobId, { job, since: requests.length })
  }
  if (step.kind === 'resume') await jobs.change(job.jobId, { paused: false })
  if (step.kind === 'runNow') await jobs.runNow(job.jobId)
  if (step.kind === 'remove') await jobs.remove(job.jobId)
  if (step.kind === 'interval') await jobs.change(job.jobId, { intervalSeconds: step.seconds })
}

function assertSilence({ requests }: Harness, { job, since }: { job: Job; since: number }): void {
  assert.ok(!requests.slice(since).some((request) => isFor(request, job)), 'a paused job ran')
}

/** All faults end and all jobs are resumed: within the longest backoff every job succeeds and is scheduled again. */
async function assertRecovery({ jobs, market, clock, requests }: Harness, all: readonly Job[]): Promise<void> {
  market.takesMs = () => 10
  market.fails = () => undefined
  for (const job of all) await jobs.change(job.jobId, { paused: false })
  const list = async () => (await jobs.list({ limit: 100 })).data
  for (let minutes = 0; minutes < 6; minutes++) {
    await clock.advance(60_000)
    if ((await list()).every((job) => job.status === 'active')) break
  }
  for (const job of await list()) {
    assert.equal(job.status, 'active')
    const inMs = Date.parse(job.nextRunAt ?? '') - clock.now()
    assert.ok(inMs > -1_000 && inMs <= job.intervalSeconds * 1000, `next run in ${inMs} ms`)
    const runs = await jobs.runs(job.jobId, { limit: 10_000 })
    const ended = requests.filter((request) => isFor(request, job) && request.to < Infinity)
    assert.equal(runs?.data.length, ended.length, 'a run is not recorded')
  }
}

function assertBounds(requests: readonly Request[]): void {
  for (const { from, provider, symbols: names } of requests) {
    const atOnce = requests.filter((other) => other.from <= from && other.to > from)
    assert.ok(names.length <= MAX_BATCH)
    assert.ok(atOnce.length <= CONCURRENCY)
    assert.ok(atOnce.filter((other) => other.provider === provider).length <= CONCURRENCY / 2)
  }
}

function assertNoOverlap(harness: Harness, job: Job): void {
  const requests = requestsFor(harness, job)
  for (const [index, request] of requests.slice(1).entries()) {
    assert.ok(request.from >= (requests[index]?.to ?? Infinity), 'a job overlaps with itself')
  }
}
