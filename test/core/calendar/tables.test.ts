import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import test from 'node:test'
import { CALENDAR_TABLES } from '../../../src/core/calendar/exchanges.ts'
import { calendarEnd, sessionsOf } from '../../../src/core/calendar/sessions.ts'
import { CALENDAR_SOURCE } from '../../../src/core/calendar/tables/source.ts'

const { firstDay, lastDay } = CALENDAR_SOURCE

/** Each table once, with the first exchange that uses it. */
const tables = new Map([...CALENDAR_TABLES].toReversed().map(([exchange, table]) => [table, exchange]))

test('every table gives, to the minute and for every day, the sessions of the library it was written from', () => {
  assert.equal(tables.size, 21)
  for (const [table, exchange] of tables) {
    const lines = daysFrom(firstDay, table.lastDay).map((day) => lineOf(exchange, day))
    const withSessions = lines.filter((line) => line !== undefined)
    assert.equal(withSessions.length, table.sessions, exchange)
    assert.equal(createHash('sha256').update(withSessions.join('\n')).digest('hex'), table.sha256, exchange)
  }
})

test('every table begins and ends as its header says, and nothing is known before or after', () => {
  assert.equal(CALENDAR_SOURCE.library, 'exchange_calendars')
  const ends = new Set([...CALENDAR_TABLES.values()].map((table) => table.lastDay))
  assert.deepEqual(ends, new Set([lastDay, '2026-12-31']))
  for (const [exchange, table] of CALENDAR_TABLES) {
    assert.equal(table.hours[0]?.[0], firstDay, exchange)
    assert.equal(calendarEnd(exchange), table.lastDay)
    const known = [dayAfter(firstDay, -1), firstDay, table.lastDay, dayAfter(table.lastDay)].map(
      (day) => sessionsOf(exchange, day) !== undefined,
    )
    assert.deepEqual(known, [false, true, true, false], exchange)
  }
})

/** As scripts/calendars.py writes it; undefined for a day without a session. */
function lineOf(exchange: string, day: string): string | undefined {
  const sessions = sessionsOf(exchange, day) ?? []
  const stretches = sessions.map(({ opensAt, closesAt }) => `${minuteOf(opensAt)}/${minuteOf(closesAt)}`)
  return sessions.length === 0 ? undefined : [day, ...stretches].join(' ')
}

function minuteOf(ms: number): string {
  const text = new Date(ms).toISOString()
  assert.equal(text.slice(16), ':00.000Z')
  return `${text.slice(0, 16)}Z`
}

function daysFrom(first: string, last: string): string[] {
  const days = [first]
  for (let day = first; day < last; days.push(day)) day = dayAfter(day)
  return days
}

function dayAfter(day: string, days = 1): string {
  return new Date(Date.parse(day) + days * 86_400_000).toISOString().slice(0, 10)
}
