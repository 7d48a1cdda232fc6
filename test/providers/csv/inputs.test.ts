import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { CsvOptionTexts } from '../../../src/providers/csv/options.ts'
import { createReplay } from '../../../src/providers/replay/provider.ts'
import { parseCsvOptions } from '../../../src/providers/csv/options.ts'
import { readCsv } from '../../support/csv-file.ts'
import { createTestClock } from '../../support/yahoo-harness.ts'

// Files that people could not import elsewhere, each made for a report. They are not part of this repository.
const INPUTS = fileURLToPath(new URL('../../../../shared/faults/inputs/', import.meta.url))

type Expected = {
  readonly file: string
  readonly options?: CsvOptionTexts
  readonly prices?: readonly string[]
  /** Of single lines. */
  readonly mistakes?: readonly RegExp[]
  /** Of the header. */
  readonly refused?: RegExp
}

const CLOSE = { timezone: 'America/New_York', at: '16:00' }
const UTC_DAYS = { timezone: 'UTC', at: '00:00' }

const EXPECTED: readonly Expected[] = [
  {
    file: 'csv-column-twice.csv',
    refused: /line 1: the header has the column price twice: columns 3 \(price\) and 5 \(price\)/,
  },
  { file: 'csv-column-twice-by-case.csv', refused: /price twice: columns 3 \(Price\) and 4 \(price\)/ },
  { file: 'csv-symbol-twice.csv', refused: /symbol twice: columns 1 \(symbol\) and 4 \(symbol\)/ },
  {
    file: 'csv-cr-only.csv',
    prices: ['SAP.DE 2024-01-15T16:30:00Z 137.42 EUR', 'SAP.DE 2024-01-16T16:30:00Z 138.10 EUR'],
  },
  { file: 'csv-utf16-bom.csv', prices: ['SAP.DE 2024-01-15T16:30:00Z 137.42 EUR'] },
  { file: 'csv-header-capitals.csv', prices: ['SAP.DE 2024-01-15T16:30:00Z 137.42 EUR'] },
  { file: 'csv-newline-in-field.csv', prices: ['X 2024-01-15T00:00:00Z 1'] },
  { file: 'csv-tab.csv', prices: ['SAP.DE 2024-01-15T16:30:00Z 137.42 EUR'] },
  { file: 'csv-sep-line.csv', prices: ['SAP.DE 2024-01-15T16:30:00Z 137.42'] },
  {
    file: 'csv-semicolon-decimal-comma.csv',
    prices: ['SAP.DE 2024-01-15T16:30:00Z 137.42 EUR', 'SAP.DE 2024-01-16T16:30:00Z 1138.10 EUR'],
  },
  {
    file: 'csv-number-spellings.csv',
    prices: ['X 2024-01-15T00:00:00Z 0.45', 'X 2024-01-16T00:00:00Z 45.1', 'X 2024-01-17T00:00:00Z 1045.10'],
  },
  {
    file: 'csv-epoch-ms.csv',
    prices: ['BTC-USD 2021-01-01T00:00:00Z 29000.5 USD', 'BTC-USD 2021-01-01T00:15:00Z 29010.25 USD'],
  },
  { file: 'csv-epoch-s.csv', prices: ['BTC-USD 2021-01-01T00:00:00Z 29000.5 USD'] },
  {
    file: 'csv-other-dates.csv',
    prices: ['A 2024-01-15T16:30:00Z 1', 'A 2024-01-19T16:30:00Z 1'],
    mistakes: [/^line 3: .*"20240116".*--at 16:00/, /^line 4: .*"17\.01\.2024"/, /^line 5: .*"2024\/01\/18"/],
  },
  {
    file: 'csv-other-dates.csv',
    options: CLOSE,
    prices: [
      'A 2024-01-15T16:30:00Z 1',
      'A 2024-01-16T21:00:00Z 1',
      'A 2024-01-17T21:00:00Z 1',
      'A 2024-01-18T21:00:00Z 1',
      'A 2024-01-19T16:30:00Z 1',
    ],
  },
  {
    file: 'csv-null-row.csv',
    options: UTC_DAYS,
    prices: ['DOGE-USD 2021-05-12T00:00:00Z 0.42 USD', 'DOGE-USD 2021-05-14T00:00:00Z 0.51 USD'],
    mistakes: [/^line 3: not a price: "null"/],
  },
  { file: 'csv-yahoo-history-with-nulls.csv', refused: /the header has no symbol.*--symbol AAPL/ },
  {
    file: 'csv-yahoo-history-with-nulls.csv',
    options: { symbol: 'DOGE-USD', ...UTC_DAYS },
    prices: ['DOGE-USD 2021-05-12T00:00:00Z 0.42', 'DOGE-USD 2021-05-14T00:00:00Z 0.51'],
    mistakes: [/^line 3: not a price: "null"/],
  },
  {
    file: 'csv-yahoo-portfolio-export.csv',
    prices: ['LHA.DE 2021-11-12T09:36:00Z 6.51', 'AAPL 2021-11-11T21:00:00Z 147.5'],
  },
  { file: 'csv-stooq.csv', options: CLOSE, prices: ['AAPL.US 2024-01-15T21:00:00Z 183.6'] },
  { file: 'csv-stooq.csv', mistakes: [/^line 2: .*"20240115".*--at/] },
  { file: 'csv-negative-price.csv', mistakes: [/^line 2: price -37\.63 is not above zero$/] },
  {
    file: 'csv-wrong-symbol-and-year.csv',
    options: UTC_DAYS,
    prices: ['APPL 0001-01-01T00:00:00Z 1.5 USD', 'APPL 2024-01-15T00:00:00Z 185.9 USD'],
  },
  { file: 'csv-wrong-symbol-and-year.csv', mistakes: [/^line 2: .*it is a day/, /^line 3: .*it is a day/] },
  { file: 'csv-late-2.csv', prices: late('10:02:00Z 150.00', '10:32:00Z 60.00', '09:00:00Z 120.00') },
  { file: 'csv-late-3-and-newer.csv', prices: late('10:07:00Z 90.00', '11:00:00Z 300.00') },
  { file: 'csv-late-1.csv', prices: late(...steps(12, (n) => `10:${two(n * 5)}:00Z ${100 + n}.00`)) },
  {
    file: 'csv-price-below-1e-8.csv',
    prices: steps(12, (n) => `BABYDOGE-USD 2024-01-15T00:${two(n)}:00Z 0.00000000${110 + n} USD`),
  },
  { file: 'csv-underscore-symbol.csv', prices: ['NIFTY_FIN_SERVICE.NS 2024-01-15T10:00:00Z 21500.5 INR'] },
]

const skip = !existsSync(INPUTS)

for (const { file, options = {}, prices = [], mistakes = [], refused } of EXPECTED) {
  const how = Object.entries(options).map(([name, value]) => ` --${name} ${value}`)
  test(
    `${file}${how.join('')} is read exactly, or refused with the reason, by import and replay`,
    { skip },
    async () => {
      const path = join(INPUTS, file)
      if (refused !== undefined)
        return assert.rejects(readCsv(path, options), { code: 'invalid_request', message: refused })
      const read = await readCsv(path, options)
      assert.deepEqual(read.prices, prices)
      assert.equal(read.mistakes.length, mistakes.length, read.mistakes.join('\n'))
      for (const [at, mistake] of mistakes.entries()) assert.match(read.mistakes[at] ?? '', mistake)
      const replay = createReplay({
        file: path,
        options: parseCsvOptions(how.join('')),
        speed: 1,
        clock: createTestClock(),
      })
      if (mistakes.length > 0)
        await assert.rejects(replay, { message: new RegExp(mistakes[0]!.source.replace(/^\^|\$$/g, '')) })
      else assert.equal((await replay).name, 'replay')
    },
  )
}

function late(...times: readonly string[]): readonly string[] {
  return times.map((time) => `LATE 2024-01-15T${time} USD`)
}

function steps(count: number, step: (n: number) => string): readonly string[] {
  return Array.from({ length: count }, (_, n) => step(n))
}

function two(n: number): string {
  return String(n).padStart(2, '0')
}
