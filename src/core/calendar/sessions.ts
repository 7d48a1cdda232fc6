import type { Calendar } from './calendar-table.ts'
import { calendarOf, extendedStretches, type HoursKind } from './exchanges.ts'
import { localDay, momentOf } from './zoned-time.ts'

/** A stretch of trading in epoch milliseconds: open from `opensAt`, closed again from `closesAt` on. */
export type Session = { readonly opensAt: number; readonly closesAt: number }

const DAY_MS = 86_400_000

/**
 * The sessions of an exchange (a MIC) on a day of its own zone (`YYYY-MM-DD`), in order: two if it closes for lunch, none
 * on a holiday. Undefined if the table does not know the exchange or the day.
 */
export function sessionsOf(exchange: string, day: string, kind: HoursKind = 'regular'): readonly Session[] | undefined {
  const calendar = calendarOf(exchange)
  if (!calendar || !covers(calendar, day)) return undefined
  const regular = calendar.stretchesOn(day)
  const stretches = kind === 'extended' ? extendedStretches(exchange, regular) : regular
  return stretches.map(({ opens, closes }) => ({
    opensAt: momentOf(day, opens, calendar.zone),
    closesAt: momentOf(day, closes, calendar.zone),
  }))
}

/** Whether the exchange trades at a moment in epoch milliseconds; undefined if the table does not know. */
export function isOpen(exchange: string, kind: HoursKind, atMs: number): boolean | undefined {
  const day = dayOf(exchange, atMs)
  if (day === undefined) return undefined
  return sessionsOf(exchange, day, kind)?.some(({ opensAt, closesAt }) => opensAt <= atMs && atMs < closesAt)
}

/**
 * The first moment from `atMs` on at which the exchange trades, in epoch milliseconds: `atMs` itself during a session.
 * Undefined if the table does not know, or ends before.
 */
export function nextOpening(exchange: string, kind: HoursKind, atMs: number): number | undefined {
  for (let day = dayOf(exchange, atMs); day !== undefined; day = dayAfter(day)) {
    const sessions = sessionsOf(exchange, day, kind)
    if (!sessions) return undefined
    const session = sessions.find(({ closesAt }) => atMs < closesAt)
    if (session) return Math.max(atMs, session.opensAt)
  }
  return undefined
}

/**
 * The first moment after `atMs` at which the exchange closes for the day, in epoch milliseconds; a lunch break is no close.
 * Undefined if the table does not know, or ends before.
 */
export function nextClose(exchange: string, kind: HoursKind, atMs: number): number | undefined {
  for (let day = dayOf(exchange, atMs); day !== undefined; day = dayAfter(day)) {
    const sessions = sessionsOf(exchange, day, kind)
    if (!sessions) return undefined
    const close = sessions.at(-1)?.closesAt
    if (close !== undefined && atMs < close) return close
  }
  return undefined
}

/** The last day (`YYYY-MM-DD`) whose sessions are known; undefined for an unknown exchange. */
export function calendarEnd(exchange: string): string | undefined {
  return calendarOf(exchange)?.lastDay
}

function dayOf(exchange: string, atMs: number): string | undefined {
  const calendar = calendarOf(exchange)
  return calendar && localDay(atMs, calendar.zone)
}

function dayAfter(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + DAY_MS).toISOString().slice(0, 10)
}

function covers({ firstDay, lastDay }: Calendar, day: string): boolean {
  return firstDay <= day && day <= lastDay
}
