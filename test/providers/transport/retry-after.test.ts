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

test('the gate stays shut for what Retry-After says, in seconds or as a date, a minute if it says nothing', () => {
  for (const [header, seconds] of RETRY_AFTER) {
    const clock = createTestClock()
    const gate = createRetryAfter({ provider: 'somebody', clock })
    gate.pass()
    assert.equal(gate.shut(header).details.retryAfterSeconds, seconds, String(header))
    clock.advance(seconds * 1000 - 1)
    assert.throws(() => gate.pass(), {
      code: 'provider_rate_limited',
      details: { provider: 'somebody', retryAfterSeconds: 1 },
    })
    clock.advance(1)
    gate.pass()
  }
})

test('a shorter wait never opens a gate that is shut for longer', () => {
  const gate = createRetryAfter({ provider: 'somebody', clock: createTestClock() })
  gate.shut('100')
  assert.equal(gate.shut('1').details.retryAfterSeconds, 100)
})
