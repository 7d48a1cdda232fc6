import { createCalendar, type Calendar, type CalendarTable, type Stretch } from './calendar-table.ts'
import { XNYS, XTSE } from './tables/americas.ts'
import { XASX, XBOM, XHKG, XKRX, XNZE, XSES, XSHG, XTAI, XTKS } from './tables/asia-pacific.ts'
import { XETR, XLON, XMAD, XMIL, XPAR, XSWX } from './tables/europe.ts'
import { XCSE, XHEL, XOSL, XSTO } from './tables/nordics.ts'

/** Trading within the exchange's own hours, or also before and after them. */
export type HoursKind = 'regular' | 'extended'

const AMERICAS = { XNYS, XNAS: XNYS, XASE: XNYS, ARCX: XNYS, BATS: XNYS, OTCM: XNYS, XTSE, XTSX: XTSE }
const EURONEXT = { XPAR, XAMS: XPAR, XBRU: XPAR, XLIS: XPAR, XOSL }
const EUROPE = { XLON, XETR, XMIL, XMAD, XSWX, XSTO, XCSE, XHEL }
const ASIA_PACIFIC = { XTKS, XHKG, XKRX, XTAI, ROCO: XTAI, XSHG, XSHE: XSHG, XSES, XASX, XNZE, XBOM, XNSE: XBOM }

/** Exchanges whose sessions are known, by ISO 10383 market identifier code (MIC). Some share a table. */
export const CALENDAR_TABLES: ReadonlyMap<string, CalendarTable> = new Map(
  Object.entries({ ...AMERICAS, ...EURONEXT, ...EUROPE, ...ASIA_PACIFIC }),
)

const calendars = new Map<CalendarTable, Calendar>()

/** The calendar of a MIC, read when it is first needed; undefined if its sessions are not known. */
export function calendarOf(exchange: string): Calendar | undefined {
  const table = CALENDAR_TABLES.get(exchange)
  if (!table) return undefined
  const calendar = calendars.get(table) ?? createCalendar(table)
  calendars.set(table, calendar)
  return calendar
}

/** Exchanges of the United States whose shares trade from 04:00 to 20:00, or to 17:00 when they close at 13:00. */
const WITH_EXTENDED_HOURS: ReadonlySet<string> = new Set(['XNYS', 'XNAS', 'XASE', 'ARCX', 'BATS'])
const EXTENDED_OPENS = 4 * 60
const EXTENDED_AFTER_CLOSE = 4 * 60

/** Whether the calendar knows what is traded on an exchange before and after its regular hours. */
export function hasExtendedHours(exchange: string): boolean {
  return WITH_EXTENDED_HOURS.has(exchange)
}

/** A day's regular stretches widened to the extended ones; elsewhere than in the United States they are the same. */
export function extendedStretches(exchange: string, regular: readonly Stretch[]): readonly Stretch[] {
  const last = regular.at(-1)
  if (!last || !hasExtendedHours(exchange)) return regular
  return [{ opens: EXTENDED_OPENS, closes: last.closes + EXTENDED_AFTER_CLOSE }]
}
