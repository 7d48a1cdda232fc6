import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DeadlineError, isDoneInTime, withDeadline } from '../../src/lib/deadline.ts'

const never = new Promise<never>(() => {})

test('work that is done in time gives its result, or throws its own error', async () => {
  assert.equal(await withDeadline(Promise.resolve(7), { ms: 60_000, what: 'the work' }), 7)
  await assert.rejects(withDeadline(Promise.reject(new Error('broken')), { ms: 60_000, what: 'the work' }), /broken/)
})

test('work that takes too long throws a DeadlineError that names it, and its late failure is ignored', async () => {
  const late = Promise.withResolvers<never>()
  await assert.rejects(withDeadline(late.promise, { ms: 5, what: 'the work' }), (error) => {
    assert.ok(error instanceof DeadlineError)
    assert.equal(error.message, 'the work: no answer within 0.005 s')
    return true
  })
  late.reject(new Error('too late'))
  // An unhandled rejection would fail this test.
  await new Promise(setImmediate)
})

test('the signal ends the wait with its reason, whether it fires before or during it', async () => {
  const reason = new Error('stopping')
  const limit = { ms: 60_000, what: 'the work' }
  await assert.rejects(withDeadline(never, { ...limit, signal: AbortSignal.abort(reason) }), reason)
  const stopping = new AbortController()
  const waiting = withDeadline(never, { ...limit, signal: stopping.signal })
  stopping.abort(reason)
  await assert.rejects(waiting, reason)
})

test('the time is that of the clock that is passed in', async () => {
  const { promise: hourIsOver, resolve: passTime } = Promise.withResolvers<void>()
  const clock = { sleep: () => hourIsOver }
  const waiting = withDeadline(never, { ms: 3_600_000, what: 'the work', clock })
  passTime()
  await assert.rejects(waiting, DeadlineError)
})

test('work that may be left behind reports whether it is done, and still throws its own error', async () => {
  assert.equal(await isDoneInTime(Promise.resolve(), { ms: 60_000, what: 'the work' }), true)
  assert.equal(await isDoneInTime(never, { ms: 5, what: 'the work' }), false)
  await assert.rejects(isDoneInTime(Promise.reject(new Error('broken')), { ms: 60_000, what: 'the work' }), /broken/)
})
