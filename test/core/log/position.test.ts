import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { comparePositions, parsePosition, positionText } from '../../../src/core/log/position.ts'

const number = fc.bigInt({ min: 0n, max: 10n ** 18n - 1n })
const position = fc.tuple(fc.nat({ max: 99 }), number, number)

test('positions compare as their numbers do, epoch first', () => {
  fc.assert(
    fc.property(position, position, (a, b) => {
      const [one, other] = [a, b].map((parts) => parsePosition(parts.join('-'))!)
      const at = a.findIndex((part, n) => part !== b[n])
      const expected = at < 0 ? 0 : a[at]! < b[at]! ? -1 : 1
      assert.equal(Math.sign(comparePositions(one!, other!)), expected)
    }),
  )
})

test('leading zeros in a position change nothing', () => {
  const padded = parsePosition('01-000763-0017')!
  assert.equal(positionText(padded), '1-763-17')
  assert.equal(comparePositions(padded, parsePosition('1-763-17')!), 0)
})
