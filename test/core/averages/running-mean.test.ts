import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createRunningMean } from '../../../src/core/averages/running-mean.ts'
import type { Decimal } from '../../../src/lib/decimal.ts'
import { expectedAverages } from './oracle.ts'
import { atMinute } from './recorded-prices.ts'

/** Up to forty digits, and scales that go up and down. */
const price = fc
  .tuple(fc.oneof(fc.bigInt({ min: 1n, max: 10n ** 4n }), fc.bigInt({ min: 1n, max: 10n ** 40n })), fc.nat({ max: 25 }))
  .map(([digits, scale]) => {
    const text = String(digits).padStart(scale + 1, '0')
    return scale === 0 ? text : `${text.slice(0, -scale)}.${text.slice(-scale)}`
  })

test('a running mean equals school arithmetic to the last digit, whatever the window and the digits of its prices', () => {
  const windows = fc.constantFrom(1, 2, 3, 5, 6, 7, 12, 20, 37, 64)
  fc.assert(
    fc.property(fc.array(price, { maxLength: 120 }), windows, (prices, window) => {
      const mean = createRunningMean(window)
      const means = prices.flatMap((text, minute): [number, string][] => {
        const average = mean.add({ eventTime: atMinute(minute), price: text as Decimal })
        assert.notEqual(average, undefined)
        assert.equal(mean.oldest(), atMinute(Math.max(0, minute + 1 - window)))
        return average ? [[minute, average]] : []
      })
      assert.deepEqual(means, expectedAverages(new Map(prices.entries()), window))
    }),
    { numRuns: 300 },
  )
})

test('a price that is not newer than the last one is not added', () => {
  const mean = createRunningMean(2)
  const add = (minute: number, text: string) => mean.add({ eventTime: atMinute(minute), price: text as Decimal })
  assert.deepEqual([add(1, '1'), add(3, '3')], [null, '2'])
  assert.deepEqual([add(3, '50'), add(2, '50')], [undefined, undefined])
  assert.equal(add(4, '4'), '3.5')
})
