import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readPrice } from '../../../src/providers/csv/price.ts'
import { readTime, type TimeReading } from '../../../src/providers/csv/time.ts'
import { csvFile, readCsv } from '../../support/csv-file.ts'

const NOTHING_STATED: TimeReading = { hasDays: false, hasZoneNames: false, daysAreUtc: false }

function timeOf(text: string, reading: Partial<TimeReading> = {}): string {
  const time = readTime(text, { ...NOTHING_STATED, ...reading })
  return typeof time === 'string' ? time : time.why
}

function priceOf(text: string, decimalComma = false): string {
  const price = readPrice(text, decimalComma)
  return typeof price === 'string' ? price : price.why
}

test('a time with a zone is read in every usual spelling', () => {
  for (const text of ['2024-01-15T16:30Z', '2024-01-15 16:30:00 UTC', '20240115 163000Z', '15.01.2024 16:30 GMT']) {
    assert.equal(timeOf(text), '2024-01-15T16:30:00Z', text)
  }
  assert.equal(timeOf('2024/01/15 11:30:00.123456-0500'), '2024-01-15T16:30:00.123456Z')
})

test('seconds, milliseconds and microseconds since 1970 are told apart by their size', () => {
  for (const text of ['1609459200', '1609459200000', '1609459200000000', '1609459200.0']) {
    assert.equal(timeOf(text), '2021-01-01T00:00:00Z', text)
  }
  assert.equal(timeOf('1609459200.25'), '2021-01-01T00:00:00.250Z')
  for (const text of ['16094592', '16094592000', '-1609459200', '1e9']) assert.match(timeOf(text), /^not a time/, text)
})

test('no zone and no time of day is ever guessed: the message says how to state them', () => {
  assert.match(timeOf('2024-01-15'), /--at 16:00 --timezone America\/New_York/)
  assert.match(timeOf('2024-01-15', { timezone: 'UTC' }), /--at 16:00/)
  assert.match(timeOf('2024-01-15', { at: '16:00:00' }), /--timezone/)
  assert.match(timeOf('2024-01-15T16:30:00'), /no time zone: write 2024-01-15T16:30:00Z/)
  assert.match(timeOf('2024-01-15 10:36 CET'), /several meanings/)
  assert.match(timeOf('2024-01-15 10:36 CST', { hasZoneNames: true }), /several meanings/)
  assert.match(timeOf('01/15/2024', { timezone: 'UTC', at: '00:00:00' }), /write the year first/)
})

test('a local time is the moment at which the clocks of its zone show it, in summer, winter and at the change', () => {
  const reading = { timezone: 'America/New_York', at: '16:00:00' }
  assert.equal(timeOf('2024-01-15', reading), '2024-01-15T21:00:00Z')
  assert.equal(timeOf('2024-07-15', reading), '2024-07-15T20:00:00Z')
  assert.equal(timeOf('2024-03-10', reading), '2024-03-10T20:00:00Z')
  assert.equal(timeOf('2024-03-10 01:59:59', reading), '2024-03-10T06:59:59Z')
  assert.equal(timeOf('2024-07-15T09:30:00.5', reading), '2024-07-15T13:30:00.500Z')
  assert.match(timeOf('2024-03-10 02:30', reading), /the clocks of America\/New_York skip it/)
  assert.match(timeOf('2024-11-03 01:30', reading), /the clocks of America\/New_York show it twice/)
  assert.equal(timeOf('2024-01-15T16:30+01:00', reading), '2024-01-15T15:30:00Z')
})

test('midnight of a daily file is its day, whose close has to be stated', () => {
  const text = '2024-07-01 00:00:00-04:00'
  assert.equal(timeOf(text), '2024-07-01T04:00:00Z')
  assert.match(timeOf(text, { hasDays: true }), /it is a day.*--at 16:00/)
  assert.equal(timeOf(text, { hasDays: true, at: '16:00:00' }), '2024-07-01T20:00:00Z')
  assert.equal(timeOf(text, { hasDays: true, at: '16:00:00', timezone: 'America/New_York' }), '2024-07-01T20:00:00Z')
})

test('what is no moment, or none that can be stored, is no time', () => {
  for (const text of [
    '',
    'yesterday',
    '2024-02-30',
    '2024-01-15T25:00Z',
    '0000-01-01T00:00:00Z',
    '2024-13-01 00:00Z',
  ]) {
    assert.match(timeOf(text, { timezone: 'UTC', at: '00:00:00' }), /^not a time/, text)
  }
  assert.match(timeOf('0001-01-01', { timezone: 'Asia/Tokyo', at: '00:00:00' }), /^not a time/)
  assert.match(timeOf('9999-12-31', { timezone: 'America/New_York', at: '23:00:00' }), /^not a time/)
})

test('a price keeps its digits in every spelling that has one meaning', () => {
  const read = {
    '.45': '0.45',
    '45.': '45',
    '+45.1': '45.1',
    '5e-3': '0.005',
    "1'137.420": '1137.420',
    '1 045.10': '1045.10',
  }
  for (const [text, price] of Object.entries({ ...read, '545,120.50': '545120.50', '1,234,567': '1234567' })) {
    assert.equal(priceOf(text), price, text)
  }
  for (const [text, price] of Object.entries({
    '137,42': '137.42',
    '1.138,10': '1138.10',
    '1,138': '1.138',
    '1.234.567': '1234567',
  })) {
    assert.equal(priceOf(text, true), price, text)
  }
})

test('a price that could be two numbers is refused, and so is one that is none', () => {
  assert.match(priceOf('1,138'), /could be 1\.138 or 1138 .*--decimal-comma/)
  assert.match(priceOf('1.138', true), /could be 1\.138 or 1138/)
  assert.match(priceOf('137,42'), /--decimal-comma/)
  for (const text of ['', 'null', 'n/a', '.', '1.2.3', '1,23,45', '0x10', 'NaN', 'Infinity', '1e999']) {
    assert.match(priceOf(text), /^not a price|not above zero/, text)
  }
  assert.equal(priceOf('-5'), 'price -5 is not above zero')
  assert.equal(priceOf('0.00'), 'price 0.00 is not above zero')
  assert.match(priceOf('1e-19'), /^price 1e-19 cannot be stored/)
  assert.match(priceOf('1e15'), /^price 1e15 cannot be stored/)
  assert.match(priceOf(`0.${'1'.repeat(41)}`), /cannot be stored/)
})

test('a file whose commas could be either is refused, until one is stated', async (t) => {
  const file = csvFile(t, 'symbol;timestamp;price\nX;2024-01-15T00:00Z;1,138\n')
  assert.match((await readCsv(file)).mistakes.join(), /line 2: .*could be 1\.138 or 1138/)
  assert.deepEqual((await readCsv(file, { decimalComma: true })).prices, ['X 2024-01-15T00:00:00Z 1.138'])
})

test('letters that change when they are made capital are no symbols', async (t) => {
  const file = csvFile(
    t,
    'symbol,timestamp,price\nß,2024-01-15T00:00Z,1\nſpy,2024-01-15T00:00Z,1\nspy,2024-01-15T00:00Z,1\n',
  )
  const { prices, mistakes } = await readCsv(file)
  assert.deepEqual(prices, ['SPY 2024-01-15T00:00:00Z 1'])
  assert.deepEqual(mistakes, ['line 2: not a symbol: "ß"', 'line 3: not a symbol: "ſpy"'])
})
