import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readMessage, toMessage } from '../../src/kafka/message.ts'
import { partitionOf, type OutgoingMessage } from '../../src/kafka/client/outgoing.ts'
import { createFindPrices } from '../../src/postgres/events/price-references.ts'
import type { Decimal } from '../../src/lib/decimal.ts'
import type { Instant } from '../../src/lib/instant.ts'
import type { LogEntry } from '../../src/core/log/entry.ts'
import { createDatabase } from '../support/database.ts'

const ENTRY: LogEntry = {
  position: { epoch: '1', xid: '734', id: '17' },
  priceId: '17',
  seriesId: '3',
  symbol: 'AAPL',
  provider: 'yfinance',
  currency: 'USD',
  price: '196.4500000000000000001' as Decimal,
  eventTime: '2025-06-15T20:30:27.283671Z' as Instant,
  rawResponseId: '1',
  correction: false,
}

const VALUE =
  '{"symbol":"AAPL","price":196.45,"timestamp":"2025-06-15T20:30:27.283671Z","provider":"yfinance","raw_response_id":"1"}'

const read = (value: string | Buffer | null, headers: Record<string, string> = {}) =>
  readMessage({
    value: typeof value === 'string' ? Buffer.from(value) : value,
    headers: Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)] as const),
  })

const textOf = ({ headers }: OutgoingMessage) =>
  Object.fromEntries([...headers].map(([name, text]) => [name.toString(), text.toString()]))

test('a message has the five members of the original in their order, exact, with everything else in headers', () => {
  const message = toMessage({ ...ENTRY, price: '196.45' as Decimal })
  assert.equal(message.key?.toString(), 'AAPL')
  assert.equal(message.value?.toString(), VALUE)
  assert.deepEqual(textOf(message), {
    'content-type': 'application/json',
    ce_specversion: '1.0',
    ce_source: '/market-data/prices',
    ce_type: 'market-data.price.recorded',
    ce_id: '1-734-17',
    ce_subject: 'AAPL',
    ce_time: '2025-06-15T20:30:27.283671Z',
    'mds.position': '1-734-17',
    'mds.currency': 'USD',
    'mds.sha256': 'b28631c280d21d5acd09a6077ed22567e9904fd8e8560d5b7611fe0b5709161d',
  })
})

test('the header mds.currency is the currency as the provider wrote it, and is absent if the provider named none', () => {
  assert.equal(textOf(toMessage({ ...ENTRY, currency: 'GBp' }))['mds.currency'], 'GBp')
  assert.ok(!('mds.currency' in textOf(toMessage({ ...ENTRY, currency: null }))))
})

test('a message that is sent is read back unchanged, digit for digit', () => {
  const { key: _key, value, headers } = toMessage(ENTRY)
  const { symbol, provider, price, eventTime, rawResponseId, position } = ENTRY
  const reference = { symbol, provider, price, eventTime, rawResponseId, position }
  assert.deepEqual(readMessage({ value, headers }), { reference })
})

test('every price that can be stored can be published, up to the last digit below its bound', () => {
  for (const text of ['999999999999999.9999999999', '0.000000000000000001']) {
    const { value, headers } = toMessage({ ...ENTRY, price: text as Decimal })
    const reading = readMessage({ value, headers })
    assert.ok('reference' in reading, text)
    assert.equal(reading.reference.price, text)
  }
})

test('the five members are sufficient from any sender, with any other members and any notation of the time', () => {
  const others = VALUE.replace('{', '{"note":{"price":1},').replace('.283671Z', '.283671+00:00')
  const reading = read(others)
  assert.ok('reference' in reading)
  assert.equal(reading.reference.price, '196.45')
  assert.equal(reading.reference.eventTime, ENTRY.eventTime)
  assert.equal(reading.reference.position, undefined)
})

test('a message of version 0.1.0, with its position in the header mds.place, is still read', () => {
  for (const name of ['mds.place', 'mds.position']) {
    const reading = read(VALUE, { [name]: '1-734-17' })
    assert.ok('reference' in reading, name)
    assert.deepEqual(reading.reference.position, ENTRY.position, name)
  }
})

const BAD: readonly [string, string | Buffer | null, string][] = [
  ['no value', null, 'not_json'],
  ['no JSON', 'AAPL 196.45', 'not_json'],
  ['no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 'not_json'],
  ['a list', `[${VALUE}]`, 'wrong_fields'],
  ['null', 'null', 'wrong_fields'],
  ['a missing member', VALUE.replace('"provider":"yfinance",', ''), 'wrong_fields'],
  ['a price in quotes', VALUE.replace('196.45', '"196.45"'), 'wrong_fields'],
  ['a price below zero', VALUE.replace('196.45', '-1'), 'wrong_fields'],
  ['a price without end', VALUE.replace('196.45', '1e99'), 'wrong_fields'],
  ['a price of 41 digits', VALUE.replace('196.45', `1.${'1'.repeat(40)}`), 'wrong_fields'],
  ['a day that does not exist', VALUE.replace('2025-06-15', '2025-02-31'), 'wrong_fields'],
  ['a year that does not exist', VALUE.replace('2025-06-15', '0000-06-15'), 'wrong_fields'],
  ['a time without a zone', VALUE.replace('671Z', '671'), 'wrong_fields'],
  ['a symbol in lower case', VALUE.replace('AAPL', 'aapl'), 'wrong_fields'],
  ['a reply id that is a number', VALUE.replace('"1"', '1'), 'wrong_fields'],
  ['a reply id beyond any', VALUE.replace('"1"', '"9999999999999999999"'), 'wrong_fields'],
]

test('a message that names no price is a fault, with a reason and a detail', () => {
  for (const [what, value, reason] of BAD) {
    const reading = read(value)
    assert.ok('fault' in reading, what)
    assert.equal(reading.fault.reason, reason, what)
    assert.ok(reading.fault.detail.length > 5, what)
  }
})

test('a value that does not match its hash is refused', () => {
  const { value, headers } = toMessage(ENTRY)
  const reading = readMessage({ value: Buffer.from(String(value).replace('196', '197')), headers })
  assert.equal('fault' in reading && reading.fault.reason, 'hash_mismatch')
})

test('whatever its bytes, a message that is accepted never makes the query for its price fail', async (t) => {
  const resolve = createFindPrices(await createDatabase(t), {
    pricesDays: 30,
    syntheticProviders: ['simulated'],
    syntheticDays: 7,
  })
  const member = fc.oneof(fc.string({ unit: 'binary' }), fc.double(), fc.constantFrom('AAPL', '1', '9'.repeat(18)))
  const zone = fc.constantFrom('Z', '+14:00', '-14:00', '-00:30')
  const time = fc
    .tuple(fc.date({ noInvalidDate: true }), zone)
    .map(([date, end]) => date.toISOString().replace('Z', end))
  const edges = [
    '0001-01-01T00:00:00Z',
    '0001-01-01T00:00:00+14:00',
    '9999-12-31T23:59:59.999999Z',
    '9999-12-31T23:59:59-14:00',
  ]
  const message = fc.record({
    symbol: fc.oneof(fc.constant('AAPL'), fc.stringMatching(/^[A-Z0-9^][A-Z0-9.^=&-]{0,31}$/), member),
    price: fc.oneof(fc.double({ min: 0 }), fc.constantFrom(1e-18, 1e-19, 999999999999999, 1e15), member),
    timestamp: fc.oneof(time, fc.constantFrom(...edges), member),
    provider: fc.oneof(fc.constant('yfinance'), member),
    raw_response_id: fc.oneof(fc.stringMatching(/^[0-9]{1,18}$/), member),
  })
  const position = fc.oneof(fc.constantFrom('1-1-1', `1-1-${'9'.repeat(19)}`), fc.string({ unit: 'binary' }))
  await fc.assert(
    fc.asyncProperty(message, position, async (body, text) => {
      const reading = read(JSON.stringify(body), { 'mds.position': text })
      if ('reference' in reading) assert.equal((await resolve([reading.reference])).length, 1)
    }),
    { numRuns: 400 },
  )
})

test('a key goes to the partition that the Java client would choose', () => {
  // From Kafka's own tests of Utils.murmur2; made positive below.
  const hashes: readonly [string, number][] = [
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ]
  for (const [key, hash] of hashes) {
    for (const partitions of [1, 6, 12, 50]) {
      assert.equal(partitionOf(Buffer.from(key), partitions), (hash & 0x7fffffff) % partitions, key)
    }
  }
})
