import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Verification } from '../../../src/core/health/verification.ts'
import { verifyReport } from '../../../src/cli/health/verify.ts'
import { verificationBody } from '../../../src/formats/health/verification.ts'
import type { Decimal } from '../../../src/lib/decimal.ts'
import type { Instant } from '../../../src/lib/instant.ts'

const FOUND: Verification = {
  checkedPrices: 10,
  checkedAverages: 6,
  otherParserVersion: 3,
  lagging: 2,
  differences: [
    {
      kind: 'average',
      provider: 'yfinance',
      symbol: 'AAPL',
      currency: 'USD',
      timestamp: '2025-06-15T20:30:27Z' as Instant,
      window: 5,
      stored: '196.450000000000000001' as Decimal,
      expected: null,
      reason: 'there are no such prices',
    },
  ],
  differenceCount: 2,
}

test('verify --json uses the member names of the HTTP API, and prints differing numbers as text with all their digits', () => {
  assert.equal(
    JSON.stringify(verificationBody(FOUND)),
    '{"checked_prices":10,"checked_averages":6,"other_parser_version":3,"lagging":2,"difference_count":2,"differences":[' +
      '{"kind":"average","provider":"yfinance","symbol":"AAPL","currency":"USD","timestamp":"2025-06-15T20:30:27Z",' +
      '"window":5,"stored":"196.450000000000000001","expected":null,"reason":"there are no such prices"}]}',
  )
})

test('the report of verify lists each difference, how many are not shown, and what could not be compared', () => {
  assert.deepEqual(verifyReport(FOUND).split('\n'), [
    'average over 5  yfinance AAPL USD  2025-06-15T20:30:27Z  stored 196.450000000000000001  expected none  (there are no such prices)',
    '… and 1 more',
    'Compared 10 prices with their raw replies, and 6 averages with their prices.',
    'Not compared: 3 prices, parsed by another version of the parser.',
    'Not computed yet: 2 averages.',
    'Differences: 2.',
    '',
  ])
})
