import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { CALENDAR_TABLES, type HoursKind } from '../../../src/core/calendar/exchanges.ts'
import { calendarEnd, isOpen, nextOpening, sessionsOf, nextClose } from '../../../src/core/calendar/sessions.ts'

const HOUR_MS = 3_600_000

test('sessions follow the clocks of the exchange when they change', () => {
  // The clocks of New York, London and Sydney change on different Sundays.
  assert.deepEqual(sessionsText('XNYS', '2026-03-06'), ['2026-03-06T14:30Z/2026-03-06T21:00Z'])
  assert.deepEqual(sessionsText('XNYS', '2026-03-09'), ['2026-03-09T13:30Z/2026-03-09T20:00Z'])
  assert.deepEqual(sessionsText('XNYS', '2026-11-02'), ['2026-11-02T14:30Z/2026-11-02T21:00Z'])
  assert.deepEqual(sessionsText('XLON', '2026-03-27'), ['2026-03-27T08:00Z/2026-03-27T16:30Z'])
  assert.deepEqual(sessionsText('XLON', '2026-03-30'), ['2026-03-30T07:00Z/2026-03-30T15:30Z'])
  // A session of Sydney begins on the day before in UTC while its summer time lasts.
  assert.deepEqual(sessionsText('XASX', '2026-04-02'), ['2026-04-01T23:00Z/2026-04-02T05:00Z'])
  assert.deepEqual(sessionsText('XASX', '2026-04-07'), ['2026-04-07T00:00Z/2026-04-07T06:00Z'])
})

test('an exchange that closes for lunch is closed between its two sessions, and on a half day it closes at noon', () => {
  assert.deepEqual(sessionsText('XHKG', '2026-02-13'), [
    '2026-02-13T01:30Z/2026-02-13T04:00Z',
    '2026-02-13T05:00Z/2026-02-13T08:00Z',
  ])
  assert.equal(isOpen('XHKG', 'regular', at('2026-02-13T04:00Z')), false)
  assert.equal(nextOpening('XHKG', 'regular', at('2026-02-13T04:00Z')), at('2026-02-13T05:00Z'))
  assert.deepEqual(sessionsText('XHKG', '2026-02-16'), ['2026-02-16T01:30Z/2026-02-16T04:00Z'])
  assert.equal(nextOpening('XHKG', 'regular', at('2026-02-16T04:00Z')), at('2026-02-20T01:30Z'))
})

test('Tokyo closes half an hour later from 5 November 2024 on', () => {
  assert.deepEqual(sessionsText('XTKS', '2024-11-01')?.at(-1), '2024-11-01T03:30Z/2024-11-01T06:00Z')
  assert.deepEqual(sessionsText('XTKS', '2024-11-05')?.at(-1), '2024-11-05T03:30Z/2024-11-05T06:30Z')
})

test('extended hours in the United States are 04:00 to 20:00 in New York, and end at 17:00 on a half day', () => {
  for (const exchange of ['XNYS', 'XNAS', 'XASE', 'ARCX', 'BATS']) {
    assert.deepEqual(sessionsText(exchange, '2026-11-25', 'extended'), ['2026-11-25T09:00Z/2026-11-26T01:00Z'])
    assert.deepEqual(sessionsText(exchange, '2026-11-26', 'extended'), [])
    assert.deepEqual(sessionsText(exchange, '2026-11-27', 'extended'), ['2026-11-27T09:00Z/2026-11-27T22:00Z'])
    assert.deepEqual(sessionsText(exchange, '2026-11-27'), ['2026-11-27T14:30Z/2026-11-27T18:00Z'])
  }
})

test('every half day of New York closes at 13:00, so its extended hours end at 17:00', () => {
  const special = CALENDAR_TABLES.get('XNYS')?.special ?? {}
  assert.deepEqual(Object.keys(special), ['09:30-13:00'])
})

test('elsewhere the extended hours are the regular ones', () => {
  for (const exchange of ['XLON', 'XHKG', 'XTSE', 'OTCM']) {
    assert.deepEqual(sessionsOf(exchange, '2026-03-09', 'extended'), sessionsOf(exchange, '2026-03-09'))
  }
})

test('a weekend and a holiday in a row are passed over to the next session', () => {
  // From Thursday's close over Good Friday, the weekend and Easter Monday.
  assert.equal(nextOpening('XLON', 'regular', at('2026-04-02T15:30Z')), at('2026-04-07T07:00Z'))
  assert.equal(nextOpening('XNYS', 'regular', at('2025-07-03T17:00Z')), at('2025-07-07T13:30Z'))
  // Golden Week of 2019, ten days.
  assert.equal(nextOpening('XTKS', 'regular', at('2019-04-26T06:00Z')), at('2019-05-07T00:00Z'))
})

test('the next opening is a moment that is open, and no moment from the given one to it is', () => {
  const moment = fc.record({
    exchange: fc.constantFrom(...CALENDAR_TABLES.keys()),
    kind: fc.constantFrom<HoursKind>('regular', 'extended'),
    from: fc.integer({ min: at('2018-01-01T12:00Z'), max: at('2026-12-20T00:00Z') }),
    between: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  })
  const property = fc.property(moment, ({ exchange, kind, from, between }) => {
    const opening = nextOpening(exchange, kind, from)
    assert.ok(opening !== undefined && opening >= from && opening - from < 15 * 24 * HOUR_MS)
    assert.equal(isOpen(exchange, kind, opening), true)
    assert.equal(opening === from, isOpen(exchange, kind, from))
    if (opening === from) return
    const [earlier, last] = [from + Math.floor((opening - from) * between), opening - 1]
    assert.deepEqual([isOpen(exchange, kind, earlier), isOpen(exchange, kind, last)], [false, false])
    assert.equal(nextOpening(exchange, kind, earlier), opening)
  })
  fc.assert(property, { numRuns: 1000 })
})

test('an exchange is open at a moment if and only if a session of its own day contains the moment', () => {
  const moment = fc.tuple(
    fc.constantFrom(...CALENDAR_TABLES.keys()),
    fc.constantFrom<HoursKind>('regular', 'extended'),
    fc.integer({ min: at('2018-01-03T00:00Z'), max: at('2026-12-20T00:00Z') }),
  )
  const property = fc.property(moment, ([exchange, kind, ms]) => {
    const days = [-1, 0, 1].map((shift) => new Date(ms + shift * 24 * HOUR_MS).toISOString().slice(0, 10))
    const sessions = days.flatMap((day) => sessionsOf(exchange, day, kind) ?? [])
    const inside = sessions.some(({ opensAt, closesAt }) => opensAt <= ms && ms < closesAt)
    assert.equal(isOpen(exchange, kind, ms), inside)
  })
  fc.assert(property, { numRuns: 500 })
})

test('what the table does not know is undefined: another exchange, and the time before and after the table', () => {
  for (const exchange of ['', 'XXXX', 'NMS', 'constructor']) {
    assert.equal(sessionsOf(exchange, '2026-03-09'), undefined)
    assert.equal(isOpen(exchange, 'regular', at('2026-03-09T15:00Z')), undefined)
    assert.equal(nextOpening(exchange, 'extended', at('2026-03-09T15:00Z')), undefined)
    assert.equal(calendarEnd(exchange), undefined)
  }
  for (const moment of ['2017-12-31T12:00Z', '2028-01-01T12:00Z'].map(at)) {
    assert.equal(isOpen('XNYS', 'regular', moment), undefined)
    assert.equal(nextOpening('XNYS', 'regular', moment), undefined)
  }
})

test('the end of a table is the end of a day of the exchange, and no opening is promised after it', () => {
  assert.equal(calendarEnd('XNYS'), '2027-12-31')
  // 31 December 2027 in New York lasts until 05:00 UTC.
  assert.equal(isOpen('XNYS', 'extended', at('2028-01-01T00:59Z')), true)
  assert.equal(isOpen('XNYS', 'extended', at('2028-01-01T01:00Z')), false)
  assert.equal(isOpen('XNYS', 'extended', at('2028-01-01T05:00Z')), undefined)
  assert.equal(nextOpening('XNYS', 'extended', at('2028-01-01T01:00Z')), undefined)
})

function at(text: string): number {
  return Date.parse(text)
}

function sessionsText(exchange: string, day: string, kind?: HoursKind): readonly string[] | undefined {
  return sessionsOf(exchange, day, kind)?.map(({ opensAt, closesAt }) => `${minuteOf(opensAt)}/${minuteOf(closesAt)}`)
}

function minuteOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16)}Z`
}

test('the close of a day is the end of its last session, and lunch is none', () => {
  assert.equal(nextClose('XTKS', 'regular', at('2026-03-02T02:30:00Z')), at('2026-03-02T06:30:00Z'))
  assert.equal(nextClose('XNYS', 'regular', at('2026-11-25T21:00:00Z')), at('2026-11-27T18:00:00Z'))
  assert.equal(nextClose('XNYS', 'extended', at('2026-11-27T18:00:00Z')), at('2026-11-27T22:00:00Z'))
  assert.equal(nextClose('XNYS', 'regular', at('2035-01-01T00:00:00Z')), undefined)
  assert.equal(nextClose('CCC', 'regular', at('2026-03-02T02:30:00Z')), undefined)
})
