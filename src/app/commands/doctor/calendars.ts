import type pg from 'pg'
import type { Check } from '../../../cli/health/doctor.ts'
import { calendarEnd } from '../../../core/calendar/sessions.ts'
import { systemClock as clock } from '../../../lib/clock.ts'
import { readExchangesOfJobs } from '../../../postgres/polling/markets.ts'

const NOTED_DAYS = 90
const DAY_MS = 86_400_000

/** The calendars of the exchanges whose hours jobs follow; no check without such jobs. */
export async function checkCalendars(pool: pg.Pool): Promise<readonly Check[]> {
  const exchanges = await readExchangesOfJobs(pool)
  return exchanges.length === 0 ? [] : [checkCalendarEnds(exchanges, clock.now())]
}

/**
 * Warns 90 days before the calendar of one of the exchanges (MIC) ends.
 * @param now milliseconds since 1970
 */
export function checkCalendarEnds(exchanges: readonly string[], now: number): Check {
  const name = 'market hours'
  const limit = new Date(now + NOTED_DAYS * DAY_MS).toISOString().slice(0, 10)
  const ends = exchanges.flatMap((exchange) => {
    const end = calendarEnd(exchange)
    return end === undefined || end > limit ? [] : [`${exchange} on ${end}`]
  })
  if (ends.length === 0) return { name, status: 'ok', detail: `calendar of ${exchanges.join(', ')} known` }
  const help = 'Upgrade market-data. After that day jobs follow the market state that the provider reports.'
  return { name, status: 'warn', detail: `the calendar ends: ${ends.join(', ')}`, help }
}
