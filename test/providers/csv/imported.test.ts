import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseInstant, type Instant } from '../../../src/lib/instant.ts'
import { createImported } from '../../../src/providers/csv/imported.ts'

/** The quotes of stored lines. */
function readStored(text: string, request = 'import prices.csv'): readonly string[] {
  const receivedAt = parseInstant('2026-01-01T00:00:00Z') as Instant
  const body = Buffer.from(text)
  const reply = { provider: 'import', symbols: [], request, status: 200, body, receivedAt, parserVersion: 1 }
  const results = createImported('import')?.parseReply(reply) ?? []
  return results.map((result) =>
    'quote' in result ? `${result.symbol} ${result.quote.eventTime} ${result.quote.price}` : result.error.message,
  )
}

test('lines that version 0.1.0 stored are read as they were then', () => {
  assert.deepEqual(readStored('symbol,timestamp,price\nbrk-b,2020-03-09,5e-3\n'), ['BRK.B 2020-03-09T00:00:00Z 0.005'])
  const twice = 'symbol,timestamp,price,price\nX,2020-03-09T00:00:00Z,1,2\n'
  assert.deepEqual(readStored(twice), ['X 2020-03-09T00:00:00Z 2'])
  const others = 'symbol,timestamp,price,Date,Open,High,Low,Close,Volume\nX,2020-03-09,1,2,3,4,5,6,7\n'
  assert.deepEqual(readStored(others), ['X 2020-03-09T00:00:00Z 1'])
})

test('lines that version 0.2.0 stored from intraday files of yfinance are read as they were then', () => {
  const lines = 'Datetime,Open,High,Low,Close,Volume\n2024-01-03 00:00:00+00:00,1,1,1,45012.5,100\n'
  const [options, stored] = ['import --symbol BTC-USD --preset yfinance', 'BTC-USD 2024-01-03T16:00:00Z 45012.5']
  assert.deepEqual(readStored(lines, `${options} --at 16:00:00 -- btc.csv`), [stored])
})

test('stored lines are read with the options of their request, whatever would be recognised', () => {
  const request =
    'import --columns "timestamp=Day,price=Last Price" --symbol X --timezone UTC --at 23:00:00 -- my file.csv'
  assert.deepEqual(readStored('Day,Last Price\n2020-03-09,1\n', request), ['X 2020-03-09T23:00:00Z 1'])
  const comma = 'import --delimiter semicolon --decimal-comma -- a.csv'
  assert.deepEqual(readStored('symbol;timestamp;price\nX;2020-03-09T00:00Z;1,138\n', comma), [
    'X 2020-03-09T00:00:00Z 1.138',
  ])
})
