import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { parseCsvOptions } from '../../src/providers/csv/options.ts'
import { createReplay } from '../../src/providers/replay/provider.ts'
import { createTestClock, quotesOf, summaryOf } from '../support/yahoo-harness.ts'

const PRICES = `timestamp,symbol,price,currency,note
2020-03-09T14:30:00Z,AAPL,66.1000000000000000001,USD,opening
2020-03-09T14:31:00Z,MSFT,151.00,,
2020-03-09T14:30:20.5-00:00,AAPL,66.2,USD,out of order

2020-03-09T14:32:00Z,brk-b,201,USD,
`

test('a replay goes on in its rhythm when the clock is set back', async (t) => {
  const clock = createTestClock()
  const replay = await createReplay({ file: fileWith(t, PRICES), speed: 10, clock })
  clock.advance(2050)
  clock.set(clock.now() - 3_600_000)
  assert.deepEqual((await quotesOf(replay, ['AAPL'])).map(summaryOf), ['AAPL 66.2'])
})

test('prices become current in the order and rhythm of the file, at the chosen speed, with every digit', async (t) => {
  const clock = createTestClock()
  const replay = await createReplay({ file: fileWith(t, PRICES), speed: 10, clock })
  const look = async (): Promise<readonly string[]> =>
    (await quotesOf(replay, ['AAPL', 'MSFT', 'BRK.B'])).map(summaryOf)
  assert.deepEqual(await look(), ['AAPL 66.1000000000000000001', 'MSFT no_price', 'BRK.B no_price'])
  clock.advance(2049)
  assert.deepEqual(await look(), ['AAPL 66.1000000000000000001', 'MSFT no_price', 'BRK.B no_price'])
  clock.advance(1)
  assert.deepEqual(await look(), ['AAPL 66.2', 'MSFT no_price', 'BRK.B no_price'])
  clock.advance(3_600_000)
  assert.deepEqual(await look(), ['AAPL 66.2', 'MSFT 151.00', 'BRK.B 201'])
  const [apple, microsoft] = await quotesOf(replay, ['AAPL', 'MSFT'])
  assert.ok(apple && 'quote' in apple && microsoft && 'quote' in microsoft)
  assert.equal(apple.quote.eventTime, '2020-03-09T14:30:20.500Z')
  assert.deepEqual([apple.quote.currency, microsoft.quote.currency], ['USD', null])
})

test('a symbol that the file does not have is not found', async (t) => {
  const replay = await createReplay({ file: fileWith(t, PRICES), speed: 1, clock: createTestClock() })
  assert.deepEqual((await quotesOf(replay, ['TSLA'])).map(summaryOf), ['TSLA symbol_not_found'])
})

test('a day alone means the time and zone that are stated, and is refused without them', async (t) => {
  const file = fileWith(t, 'symbol,timestamp,price\nAAPL,2000-01-03,25.94\n')
  const options = parseCsvOptions('--at 16:00 --timezone America/New_York')
  await assert.rejects(createReplay({ file, speed: 1, clock: createTestClock() }), /line 2: .*--at 16:00/)
  const [result] = await quotesOf(await createReplay({ file, options, speed: 1, clock: createTestClock() }), ['AAPL'])
  assert.ok(result && 'quote' in result)
  assert.equal(result.quote.eventTime, '2000-01-03T21:00:00Z')
})

const BAD_FILES: readonly { name: string; text: string; says: RegExp }[] = [
  {
    name: 'a bad price',
    text: 'symbol,timestamp,price\nA,2020-01-01T00:00Z,1\nA,2020-01-02T00:00Z,n/a\n',
    says: /line 3: not a price: "n\/a"/,
  },
  { name: 'a bad time', text: 'symbol,timestamp,price\nA,Jan 1 2000,1\n', says: /line 2: not a time: "Jan 1 2000"/ },
  {
    name: 'a bad symbol',
    text: 'symbol,timestamp,price\n"A,B",2020-01-01T00:00Z,1\n',
    says: /line 2: not a symbol: "A,B"/,
  },
  {
    name: 'a bad currency',
    text: 'symbol,timestamp,price,currency\nA,2020-01-01T00:00Z,1,234.50\n',
    says: /line 2: not a currency of three letters: "234.50"/,
  },
  { name: 'two bad lines', text: 'symbol,timestamp,price\nA,,1\nA,2020-01-02T00:00Z,\n', says: /line 2: .*; line 3: / },
  { name: 'a short line', text: 'symbol,timestamp,price\nA,2020-01-01T00:00Z\n', says: /line 2/ },
  { name: 'no prices', text: 'symbol,timestamp,price\n', says: /contains no prices/ },
]

for (const { name, text, says } of BAD_FILES) {
  test(`a file with ${name} is refused at the start, with the line`, async (t) => {
    const file = fileWith(t, text)
    await assert.rejects(createReplay({ file, speed: 1, clock: createTestClock() }), {
      code: 'invalid_request',
      message: says,
    })
  })
}

function fileWith(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'replay-'))
  t.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'prices.csv'), text)
  return join(folder, 'prices.csv')
}
