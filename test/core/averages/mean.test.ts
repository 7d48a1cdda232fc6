import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exactMean } from '../../../src/core/averages/mean.ts'
import type { Decimal } from '../../../src/lib/decimal.ts'

const cases: [prices: string[], mean: string][] = [
  [['1'], '1'],
  [['10', '20'], '15'],
  [['100', '200', '300'], '200'],
  [['1', '2'], '1.5'],
  [['2.50', '2.50'], '2.5'],
  [['196.45', '196.4', '196.5', '196.55', '196.6'], '196.5'],
  [['0.000000000000000001', '0.000000000000000002'], '0.0000000000000000015'],
  [['1', '1', '3'], '1.666666666667'],
  [['1', '1', '2'], '1.333333333333'],
  [['0.0000001', '1', '1'], '0.6666667'],
  [['0.0000001', '1', '0.5'], '0.5000000333333'],
  [[...Array.from({ length: 36 }, () => '0.0000001'), '10'], '0.2702703675676'],
  [[...Array.from({ length: 36 }, () => '1'), '10'], '1.243243243243'],
  [[...Array.from({ length: 36 }, () => '1'), '11'], '1.270270270270'],
]

for (const [prices, mean] of cases) {
  const some = prices.length > 5 ? `${prices.length} prices` : prices.join(', ')
  test(`the mean of ${some} is ${mean}`, () => assert.equal(exactMean(prices as Decimal[]), mean))
}
