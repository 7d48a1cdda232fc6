import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkCalendarEnds } from '../../../src/app/commands/doctor/calendars.ts'

const DAY_MS = 86_400_000

test('doctor warns 90 days before the calendar of an exchange that jobs use ends, and not before', () => {
  const end = Date.parse('2027-12-31T00:00:00Z')
  const early = checkCalendarEnds(['XNYS', 'XLON'], end - 91 * DAY_MS)
  assert.equal(early.status, 'ok')
  const late = checkCalendarEnds(['XNYS', 'XLON'], end - 90 * DAY_MS)
  assert.deepEqual([late.status, late.detail], ['warn', 'the calendar ends: XNYS on 2027-12-31, XLON on 2027-12-31'])
  assert.match(late.help ?? '', /Upgrade/)
})
