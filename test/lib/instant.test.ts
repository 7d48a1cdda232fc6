import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  compareInstants,
  instantFromMicros,
  microsOf,
  millisOf,
  parseDayOrInstant,
  parseInstant,
} from '../../src/lib/instant.ts'

test('a time is written in UTC with the fewest of 0, 3 or 6 fraction digits that lose nothing', () => {
  const cases: readonly (readonly [given: string, instant: string | undefined])[] = [
    ['2025-06-15T20:30:27Z', '2025-06-15T20:30:27Z'],
    ['2025-06-15T20:30:27.500Z', '2025-06-15T20:30:27.500Z'],
    ['2025-06-15T20:30:27.5Z', '2025-06-15T20:30:27.500Z'],
    ['2025-06-15T20:30:27.283671Z', '2025-06-15T20:30:27.283671Z'],
    ['2025-06-15T20:30:27.283671999Z', '2025-06-15T20:30:27.283671Z'],
    ['2025-06-15 20:30:27.28+00', '2025-06-15T20:30:27.280Z'],
    ['2025-06-15T16:30:27-04:00', '2025-06-15T20:30:27Z'],
    ['2025-06-16T02:00:27+0530', '2025-06-15T20:30:27Z'],
    ['2025-06-15T24:00:00Z', '2025-06-16T00:00:00Z'],
    ['2025-06-15T23:59:59Z', '2025-06-15T23:59:59Z'],
    ['2025-02-31T00:00:00Z', undefined],
    ['2025-06-15T25:00:00Z', undefined],
    ['2025-06-15', undefined],
    ['yesterday', undefined],
  ]
  for (const [given, instant] of cases) assert.equal(parseInstant(given), instant, given)
})

test('microseconds survive the text, before 1970 too', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n }), (micros) => {
      const instant = instantFromMicros(micros)
      assert.equal(microsOf(instant), micros)
      assert.equal(parseInstant(instant), instant)
    }),
  )
})

test('instants compare as moments, unlike their texts', () => {
  const micros = fc.bigInt({ min: 1_750_000_000_000_000n, max: 1_750_000_002_000_000n })
  fc.assert(
    fc.property(micros, micros, (a, b) => {
      const order = Math.sign(compareInstants(instantFromMicros(a), instantFromMicros(b)))
      assert.equal(order, a < b ? -1 : Number(a > b))
    }),
  )
  const [whole, half] = [parseInstant('2025-06-15T20:30:27Z'), parseInstant('2025-06-15T20:30:27.5Z')]
  assert.ok(whole && half)
  assert.ok(compareInstants(whole, half) < 0)
  assert.ok(whole > half)
  assert.equal(millisOf(half) - millisOf(whole), 500)
})

test('a moment outside the years 1 to 9999 is refused, whatever its offset', () => {
  for (const first of ['0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999999Z']) assert.equal(parseInstant(first), first)
  for (const outside of ['0000-06-15T20:30:27Z', '0001-01-01T00:00:00+00:01', '9999-12-31T23:59:59-00:01']) {
    assert.equal(parseInstant(outside), undefined, outside)
  }
})

test('a day alone is its first moment in UTC', () => {
  assert.equal(parseDayOrInstant('2025-06-15'), '2025-06-15T00:00:00Z')
  assert.equal(parseDayOrInstant('2025-06-15T16:30:27-04:00'), '2025-06-15T20:30:27Z')
  for (const text of ['0000-01-01', '2025-02-30', '2025-6-15', ''])
    assert.equal(parseDayOrInstant(text), undefined, text)
})
