import assert from 'node:assert/strict'
import { test } from 'node:test'
import { repeatUntilAborted, retryUntilDone } from '../../src/lib/retry.ts'

/** A clock whose sleeps are over at once and recorded; `passes` lets time pass during a try. */
function createClock() {
  const sleeps: number[] = []
  let now = 0
  const clock = {
    now: () => now,
    monotonic: () => now,
    sleep: async (ms: number) => void sleeps.push(ms),
  }
  return { clock, sleeps, passes: (ms: number) => void (now += ms) }
}

const { signal: never } = new AbortController()

/** Fails that many times, and then gives `done`. */
function failing(times: number) {
  let tries = 0
  return async () => {
    tries += 1
    if (tries <= times) throw new Error(`try ${tries}`)
    return 'done'
  }
}

test('waits double from the first to the longest, and each failure is reported with its number', async () => {
  const { clock, sleeps } = createClock()
  const errors: [string, number][] = []
  const onError = (error: unknown, tries: number) => void errors.push([String(error), tries])
  const options = { clock, onError, firstWaitMs: 100, longestWaitMs: 350 }
  assert.equal(await retryUntilDone(options, never, failing(4)), 'done')
  assert.deepEqual(sleeps, [100, 200, 350, 350])
  assert.deepEqual(errors.at(-1), ['Error: try 4', 4])
})

test('a try that ran for a minute before it failed starts the waits again', async () => {
  const { clock, sleeps, passes } = createClock()
  const fail = failing(5)
  let tries = 0
  await retryUntilDone({ clock, firstWaitMs: 100 }, never, () => {
    tries += 1
    if (tries === 4) passes(60_000)
    return fail()
  })
  assert.deepEqual(sleeps, [100, 200, 400, 100, 200])
})

test('after the last try its error is thrown', async () => {
  const { clock } = createClock()
  await assert.rejects(retryUntilDone({ clock, maxTries: 3 }, never, failing(9)), /try 3/)
})

test('the signal ends it without a result, and a failure that it caused is not reported', async () => {
  const { clock } = createClock()
  const stopping = new AbortController()
  const errors: unknown[] = []
  const result = await retryUntilDone({ clock, onError: (error) => errors.push(error) }, stopping.signal, async () => {
    stopping.abort()
    throw new Error('interrupted')
  })
  assert.equal(result, undefined)
  assert.deepEqual(errors, [])
})

test('steps repeat until the signal fires, through failures', async () => {
  const { clock, sleeps } = createClock()
  const stopping = new AbortController()
  let steps = 0
  await repeatUntilAborted({ clock, firstWaitMs: 100 }, stopping.signal, async () => {
    steps += 1
    if (steps === 10) stopping.abort()
    if (steps % 3 === 0) throw new Error('failed')
  })
  assert.equal(steps, 10)
  assert.deepEqual(sleeps, [100, 100, 100], 'a success starts the waits again')
})
