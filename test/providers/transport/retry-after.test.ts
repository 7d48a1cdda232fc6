import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRetryAfter } from '../../../src/providers/transport/retry-after.ts'
import { NOW, createTestClock } from '../../support/yahoo-harness.ts'

const RETRY_AFTER: readonly (readonly [string | null, number])[] = [
  ['120', 120],
  [' 7 ', 7],
  [new Date(NOW + 90_000).toUTCString(), 90],
  [new Date(NOW - 90_000).toUTCString(), 1],
  ['0', 1],
  [null, 60],
  ['soon', 60],
  ['99999999', 86_400],
]

test('requests pause for the time of Retry-After, in seconds or as a date, or for a minute without it', () => {
  for (const [header, seconds] of RETRY_AFTER) {
    const clock = createTestClock()
    const retryAfter = createRetryAfter({ provider: 'example', clock })
    retryAfter.assertAllowed()
    assert.equal(retryAfter.pause(headersOf(header)).details.retryAfterSeconds, seconds, String(header))
    clock.advance(seconds * 1000 - 1)
    assert.throws(() => retryAfter.assertAllowed(), {
      code: 'provider_rate_limited',
      details: { provider: 'example', retryAfterSeconds: 1, wasHeldBack: true },
    })
    clock.advance(1)
    retryAfter.assertAllowed()
  }
})

test('a shorter pause never ends a longer one', () => {
  const retryAfter = createRetryAfter({ provider: 'example', clock: createTestClock() })
  retryAfter.pause(headersOf('100'))
  assert.equal(retryAfter.pause(headersOf('1')).details.retryAfterSeconds, 100)
})

test('a pause lasts as long as it was given for, when the clock is set back or forward during it', () => {
  for (const step of [-3_600_000, 3_600_000]) {
    const clock = createTestClock()
    const retryAfter = createRetryAfter({ provider: 'example', clock })
    retryAfter.pause(headersOf('60'))
    clock.set(NOW + step)
    assert.throws(() => retryAfter.assertAllowed(), {
      details: { provider: 'example', retryAfterSeconds: 60, wasHeldBack: true },
    })
    clock.advance(60_000)
    retryAfter.assertAllowed()
  }
})

test('a Retry-After that is a date is compared with the time of the reply, not with a clock of ours that is wrong', () => {
  const clock = createTestClock(NOW - 3_600_000)
  const headers = headersOf(new Date(NOW + 60_000).toUTCString())
  headers.set('date', new Date(NOW).toUTCString())
  const { details } = createRetryAfter({ provider: 'example', clock }).pause(headers)
  assert.equal(details.retryAfterSeconds, 60)
})

function headersOf(retryAfter: string | null): Headers {
  return new Headers(retryAfter === null ? {} : { 'retry-after': retryAfter })
}
