import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  compareDecimals,
  decimalFromUnits,
  digitCount,
  parseDecimal,
  percentOf,
  scaledInteger,
  scaleOf,
  subtractDecimals,
  type Decimal,
} from '../../src/lib/decimal.ts'

test('an exponent is expanded, and every digit is kept', () => {
  const cases: readonly (readonly [source: string, decimal: string | undefined])[] = [
    ['196.45', '196.45'],
    ['197.1000', '197.1000'],
    ['1.5e-7', '0.00000015'],
    ['1.5E3', '1500'],
    ['12345.678e1', '123456.78'],
    ['0.000e2', '0.0'],
    ['007.5', '7.5'],
    ['-0.5e+1', '-5'],
    ['1e999999999', undefined],
    ['Infinity', undefined],
    ['1.', undefined],
    ['.5', undefined],
    ['1,5', undefined],
    ['', undefined],
  ]
  for (const [source, decimal] of cases) assert.equal(parseDecimal(source), decimal, source)
})

const decimals = fc
  .tuple(fc.bigInt({ min: 0n, max: 10n ** 20n }), fc.integer({ min: 0, max: 12 }))
  .map(([units, scale]) => ({ units, scale, text: textOf(units, scale) }))

function textOf(units: bigint, scale: number): Decimal {
  const digits = String(units).padStart(scale + 1, '0')
  return (scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`) as Decimal
}

test('shifting the point by an exponent changes no number', () => {
  fc.assert(
    fc.property(decimals, fc.integer({ min: -30, max: 30 }), ({ units, scale, text }, exponent) => {
      const parsed = parseDecimal(`${text}e${exponent}`)
      assert.ok(parsed)
      assert.equal(scaledInteger(parsed, 60), units * 10n ** BigInt(60 - scale + exponent))
    }),
  )
})

test('whole units are written with as many decimals as the scale, and read back as the same units', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.nat(40), (units, scale) => {
      const decimal = decimalFromUnits(units, scale)
      assert.equal(scaledInteger(decimal, scale), units)
      assert.equal(scaleOf(decimal), scale)
      assert.equal(parseDecimal(decimal), decimal)
    }),
  )
  assert.equal(decimalFromUnits(-5n, 2), '-0.05')
})

test('decimals compare as numbers, whatever their trailing zeros', () => {
  fc.assert(
    fc.property(decimals, decimals, (a, b) => {
      const [left, right] = [a.units * 10n ** BigInt(12 - a.scale), b.units * 10n ** BigInt(12 - b.scale)]
      assert.equal(compareDecimals(a.text, b.text), left < right ? -1 : Number(left > right))
    }),
  )
})

test('digits are counted without leading zeros, and the scale with trailing ones', () => {
  assert.deepEqual(
    ['0.00120', '120', '1.20'].map((text) => digitCount(text as Decimal)),
    [3, 3, 3],
  )
  assert.deepEqual(
    ['0.00120', '120', '1.20'].map((text) => scaleOf(text as Decimal)),
    [5, 0, 2],
  )
})

test('a difference is exact', () => {
  fc.assert(
    fc.property(decimals, decimals, (a, b) => {
      const difference = subtractDecimals(a.text, b.text)
      assert.equal(scaledInteger(difference, 12), scaledInteger(a.text, 12) - scaledInteger(b.text, 12))
    }),
  )
})

test('a percentage is rounded half away from zero, and exists only of a positive whole', () => {
  const percentages = [
    ['1', '3'],
    ['-1', '3'],
    ['0.00005', '1'],
    ['-0.00005', '1'],
    ['-1', '0'],
    ['1', '-2'],
  ].map(([part, whole]) => percentOf(part as Decimal, whole as Decimal, 2))
  assert.deepEqual(percentages, ['33.33', '-33.33', '0.01', '-0.01', undefined, undefined])
})
