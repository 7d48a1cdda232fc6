import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoizeByObject } from '../../src/lib/memoize.ts'

test('a result is computed once for each object, and an equal object is another one', () => {
  let calls = 0
  const double = memoizeByObject(({ n }: { n: number }) => {
    calls += 1
    return n * 2
  })
  const one = { n: 0 }
  assert.deepEqual([double(one), double(one), double({ n: 0 }), double({ n: 4 })], [0, 0, 0, 8])
  assert.equal(calls, 3)
})

test('an error is thrown to each caller anew', () => {
  let calls = 0
  const fail = memoizeByObject(({ what }: { what: string }): string => {
    calls += 1
    throw new Error(`${what} ${calls}`)
  })
  const given = { what: 'call' }
  assert.throws(() => fail(given), { message: 'call 1' })
  assert.throws(() => fail(given), { message: 'call 2' })
})
