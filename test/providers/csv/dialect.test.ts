import assert from 'node:assert/strict'
import { gzipSync } from 'node:zlib'
import { test } from 'node:test'
import {
  formatCsvOptions,
  parseCsvOptions,
  readCsvOptions,
  type CsvOptionTexts,
} from '../../../src/providers/csv/options.ts'
import { csvFile, readCsv } from '../../support/csv-file.ts'

const ROW = 'symbol,timestamp,price\nX,2024-01-15T00:00Z,1.5\n'
const READ = ['X 2024-01-15T00:00:00Z 1.5']

const WRITTEN: readonly {
  readonly how: string
  readonly bytes: string | Uint8Array
  readonly reads?: readonly string[]
}[] = [
  { how: 'with a byte order mark and CRLF', bytes: `\uFEFF${ROW.replaceAll('\n', '\r\n')}` },
  { how: 'in UTF-16 of the other byte order', bytes: Buffer.from(`\uFEFF${ROW}`, 'utf16le').swap16() },
  { how: 'packed by gzip, whatever its name', bytes: gzipSync(ROW) },
  { how: 'in UTF-16 and gzip', bytes: gzipSync(Buffer.from(`\uFEFF${ROW}`, 'utf16le')) },
  { how: 'with vertical bars', bytes: ROW.replaceAll(',', '|') },
  { how: 'with tabs, and decimal commas', bytes: ROW.replaceAll(',', '\t').replace('1.5', '1,5') },
  { how: 'with empty cells between tabs', bytes: 'note\tsymbol\ttimestamp\tprice\n\tX\t2024-01-15T00:00Z\t1.5\n' },
  { how: 'below a comment and sep=', bytes: `# from the broker\nsep=,\n${ROW}` },
  { how: 'with a comma at the end of the header', bytes: ROW.replace('price', 'price,') },
  { how: 'with a comma at the end of the rows', bytes: ROW.replace('1.5', '1.5,') },
  {
    how: 'with spaces and quotes around its fields',
    bytes: 'symbol , timestamp, "price"\n "X", 2024-01-15T00:00Z , "1.5"\n',
  },
  { how: 'with quoted decimal commas between commas', bytes: ROW.replace('1.5', '"1,5"') },
  {
    how: 'with quotes and line breaks of all kinds inside a field',
    bytes: 'note,symbol,timestamp,price\n"a ""b"",\r\n\n,c",X,2024-01-15T00:00Z,1.5\nd,Y,2024-01-15T00:00Z,2\n',
    reads: [...READ, 'Y 2024-01-15T00:00:00Z 2'],
  },
]

for (const { how, bytes, reads = READ } of WRITTEN) {
  test(`a file ${how} has the prices of a plain one`, async (t) => {
    const { prices, mistakes } = await readCsv(csvFile(t, bytes))
    assert.deepEqual({ prices, mistakes }, { prices: reads, mistakes: [] })
  })
}

const PRESETS: readonly {
  readonly text: string
  readonly preset: string
  readonly options?: CsvOptionTexts
  readonly reads: string
}[] = [
  {
    preset: 'yfinance',
    text: 'Price,Close,High,Low,Open,Volume\nTicker,AAPL,AAPL,AAPL,AAPL,AAPL\nDate,,,,,\n2024-07-01,216.75,1,1,1,100\n',
    options: { timezone: 'America/New_York', at: '16:00' },
    reads: 'AAPL 2024-07-01T20:00:00Z 216.75',
  },
  {
    preset: 'yfinance',
    text: 'Date,Open,High,Low,Close,Volume,Dividends,Stock Splits\n2024-01-02 00:00:00-05:00,1,1,1,185.5,100,0.0,0.0\n',
    options: { symbol: 'AAPL', at: '16:00' },
    reads: 'AAPL 2024-01-02T21:00:00Z 185.5',
  },
  {
    preset: 'yfinance-intraday',
    text: 'Datetime,Open,High,Low,Close,Volume\n2024-01-02 09:30:00-05:00,1,1,1,185.5,100\n',
    options: { symbol: 'AAPL' },
    reads: 'AAPL 2024-01-02T14:30:00Z 185.5',
  },
  // A coin is traded at midnight: it is a moment there, whatever time a day alone would have.
  ...[{}, { at: '16:00', timezone: 'America/New_York' }, { preset: 'yfinance' }].map((options) => ({
    preset: 'yfinance-intraday',
    text: 'Datetime,Open,High,Low,Close,Volume\n2024-01-03 00:00:00+00:00,1,1,1,45012.5,100\n',
    options: { symbol: 'BTC-USD', ...options },
    reads: 'BTC-USD 2024-01-03T00:00:00Z 45012.5',
  })),
  {
    preset: 'yfinance-intraday',
    text: 'Price,Close,Volume\nTicker,EURUSD=X,EURUSD=X\nDatetime,,\n2024-01-03 00:00:00+00:00,1.0941,0\n',
    reads: 'EURUSD 2024-01-03T00:00:00Z 1.0941',
  },
  {
    preset: 'market-data',
    text: 'price_id,timestamp,price,currency,received_at,recorded_at,raw_response_id,revision,correction\n7,2024-01-02T14:30:00.000000Z,1.50,USD,2024-01-02T14:30:01.000000Z,2024-01-02T14:30:01.000000Z,3,1,false\n',
    options: { symbol: 'AAPL' },
    reads: 'AAPL 2024-01-02T14:30:00Z 1.50 USD',
  },
  {
    preset: 'yahoo-history',
    text: 'Date,Open,High,Low,Close,Adj Close,Volume\n2024-01-02,1,1,1,185.5,184.2,100\n',
    options: { symbol: 'AAPL', timezone: 'America/New_York', at: '16:00', columns: 'price=Adj Close' },
    reads: 'AAPL 2024-01-02T21:00:00Z 184.2',
  },
]

for (const { preset, text, options = {}, reads } of PRESETS) {
  test(`a file of ${preset} is recognised, and named: ${text.slice(0, 40).split('\n')[0]}`, async (t) => {
    const { prices, mistakes, request } = await readCsv(csvFile(t, text), options)
    assert.deepEqual({ prices, mistakes }, { prices: [reads], mistakes: [] })
    assert.match(request, new RegExp(`^import .*--preset ${preset}.* -- prices\\.csv$`))
  })
}

const REFUSED: readonly { readonly text: string; readonly options?: CsvOptionTexts; readonly why: RegExp }[] = [
  {
    text: 'a;b;c\n1;2;3\n',
    why: /no symbol and no timestamp and no price\. Found: a, b, c\. Wanted: .*separated by semicolons/,
  },
  { text: 'Ticker,Date,Close\nX,2024-01-15,1\n', why: /Use --columns symbol=Ticker,timestamp=Date,price=Close/ },
  { text: ROW.split('\n')[1]!, why: /there is no header/ },
  { text: ROW, options: { delimiter: 'semicolon' }, why: /no symbol.*this looks separated by commas/ },
  { text: 'prices\n1\n', why: /this looks like one column/ },
  { text: ROW, options: { symbol: 'X' }, why: /leave --symbol out/ },
  { text: ROW, options: { preset: 'yahoo-history' }, why: /no Date \(timestamp\) and no Close \(price\)/ },
  {
    text: 'Price,Close,Close\nTicker,A,B\nDate,,\n2024-01-15,1,2\n',
    why: /several symbols beside each other \(A, B\)/,
  },
  {
    text: 'Price,Close\nTicker,AAPL\nDate,\n2024-01-15,1\n',
    options: { symbol: 'MSFT' },
    why: /says AAPL, and --symbol says MSFT/,
  },
  { text: '<!DOCTYPE html>', why: /web page/ },
  { text: '{"data": []}', why: /JSON/ },
  { text: 'PK\u0003\u0004\u0000', why: /Excel workbook/ },
  { text: 's\u0000y\u0000m\u0000', why: /UTF-16 with a byte order mark/ },
  { text: '', why: /it is empty/ },
  { text: 'x,'.repeat(40_000), why: /line 1 is too long/ },
  { text: `${'wide,'.repeat(300)}\n1\n`, why: /Found: wide, .* …\. Wanted/ },
  { text: '\n\n# nothing\n', why: /it is empty/ },
]

for (const { text, options = {}, why } of REFUSED) {
  test(`a file that is not understood is refused, and the message says ${why.source}`, async (t) => {
    await assert.rejects(readCsv(csvFile(t, text), options), { code: 'invalid_request', message: why })
  })
}

test('a missing file, a folder, and a broken archive are named as such', async (t) => {
  await assert.rejects(readCsv('nosuch.csv'), { message: 'there is no file nosuch.csv.' })
  await assert.rejects(readCsv('.'), /is a folder/)
  const half = gzipSync('x'.repeat(1_000)).subarray(0, 20)
  await assert.rejects(readCsv(csvFile(t, half)), { message: /ends in the middle of its compressed data/ })
})

test('a quote that is never closed damages its own line only', async (t) => {
  const text = `${ROW}"X,2024-01-16T00:00Z,1\nX,2024-01-17T00:00Z,2\n`
  const { prices, mistakes } = await readCsv(csvFile(t, text))
  assert.deepEqual(prices, [...READ, 'X 2024-01-17T00:00:00Z 2'])
  assert.deepEqual(mistakes, ['line 3: not a CSV line with as many fields as the header'])
})

test('of the revisions of one time the newest is to come last, or the file is refused', async (t) => {
  const header = 'symbol,provider,price_id,timestamp,price,currency,received_at,revision\n'
  assert.deepEqual((await readCsv(csvFile(t, header + revisionLine(1) + revisionLine(2)))).mistakes, [])
  const { mistakes } = await readCsv(csvFile(t, header + revisionLine(2) + revisionLine(1)))
  assert.match(mistakes.join(), /^line 3: an older revision .*order=asc/)
})

test('a column that is stated is to exist, even if it is not needed', async (t) => {
  await assert.rejects(
    readCsv(csvFile(t, ROW), { columns: 'currency=Curency' }),
    /the header has no Curency \(currency\)/,
  )
})

test('every mistake of the options is named at once', () => {
  const options = {
    symbol: 'A A',
    preset: 'excel',
    columns: 'time=Date',
    timezone: 'Mars',
    at: '25:00',
    delimiter: 'x',
  }
  const why = /--symbol .*--preset .*--columns .*--timezone .*--at .*--delimiter /s
  assert.throws(() => readCsvOptions(options), { code: 'invalid_request', message: why })
})

test('options are written so that they are read again as they were', () => {
  const texts = { symbol: 'brk-b', columns: 'price=Adj Close,timestamp=Date+Time', delimiter: ';', decimalComma: true }
  const options = readCsvOptions({ ...texts, timezone: 'America/New_York', at: '9:30', preset: 'yfinance' })
  const text = formatCsvOptions(options)
  assert.equal(options.at, '09:30:00')
  assert.deepEqual(parseCsvOptions(text), options)
  assert.throws(() => parseCsvOptions('--colums x'), { code: 'invalid_request', message: /--colums/ })
})

test('a file of many parts is read as one of a single part, and its lines keep their numbers', async (t) => {
  const rows = Array.from({ length: 12_000 }, (_, n) => `"${'ä'.repeat(n % 7)}\n",X,${1_700_000_000 + n},${n}.5`)
  const { prices, mistakes } = await readCsv(csvFile(t, `note,symbol,timestamp,price\n${rows.join('\n')}\nbad`))
  assert.equal(prices.length, 12_000)
  assert.equal(prices.at(-1), 'X 2023-11-15T01:33:19Z 11999.5')
  assert.deepEqual(mistakes, ['line 24002: not a CSV line with as many fields as the header'])
})

function revisionLine(revision: number): string {
  return `X,yfinance,1,2024-01-15T00:00Z,${revision}.5,USD,2024-01-15T00:00Z,${revision}\n`
}
