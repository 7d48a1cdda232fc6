import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { isOpen, sessionsOf } from '../../../src/core/calendar/sessions.ts'

// The keys are the schedules that the library's own tests expect, so they check the library as well as our table.

const KEYS = join(import.meta.dirname, '../../../../shared/fixtures/calendars/exchange_calendars-answer-keys')
const skip = existsSync(KEYS) ? false : 'The shared fixtures are not beside this checkout.'
const FIRST_DAY = '2018-01-01'

const DAYS_WITH_SESSIONS = { XNYS: 1268, XLON: 1438, XETR: 1377, XTKS: 2193, XHKG: 1892 }

for (const [exchange, count] of Object.entries(DAYS_WITH_SESSIONS)) {
  test(
    `every day of the answer key of ${exchange} from 2018 on has its sessions, and the days between have none`,
    { skip },
    () => {
      const key = answerKey(exchange)
      assert.equal(key.size, count)
      for (const day of daysBetween(FIRST_DAY, [...key.keys()].at(-1) ?? '')) {
        const sessions = sessionsOf(exchange, day)
        assert.deepEqual(
          sessions?.map(({ opensAt, closesAt }) => [opensAt, closesAt]),
          key.get(day) ?? [],
          day,
        )
        for (const [opensAt = 0, closesAt = 0] of key.get(day) ?? []) {
          const around = [opensAt - 1, opensAt, closesAt - 1, closesAt]
          assert.deepEqual(
            around.map((ms) => isOpen(exchange, 'regular', ms)),
            [false, true, true, false],
            day,
          )
        }
      }
    },
  )
}

/** Day → sessions as [opens, closes] in epoch milliseconds, without the lunch break. */
function answerKey(exchange: string): Map<string, number[][]> {
  const [, ...rows] = readFileSync(join(KEYS, `${exchange.toLowerCase()}.csv`), 'utf8')
    .trim()
    .split('\n')
  const days = rows.map((row) => {
    const [day = '', opens = '', closes = '', breakStarts = '', breakEnds = ''] = row.trim().split(',')
    const stretches =
      breakStarts === ''
        ? [[opens, closes]]
        : [
            [opens, breakStarts],
            [breakEnds, closes],
          ]
    return [day.slice(0, 10), stretches.map((stretch) => stretch.map((time) => Date.parse(time)))] as const
  })
  return new Map(days.filter(([day]) => day >= FIRST_DAY))
}

function daysBetween(first: string, last: string): string[] {
  const count = (Date.parse(last) - Date.parse(first)) / 86_400_000 + 1
  return Array.from({ length: count }, (_, at) =>
    new Date(Date.parse(first) + at * 86_400_000).toISOString().slice(0, 10),
  )
}
