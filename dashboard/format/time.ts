import { timeZone } from '../state/time-zone.ts'

const STEPS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
] as const

/** `4 s`, `12 min`, `3 h`, `2 d`: one unit, rounded down, because the magnitude is enough at a glance. */
export function durationText(ms: number): string {
  const step = STEPS.find(([size]) => ms >= size)
  return step ? `${Math.floor(ms / step[0])} ${step[1]}` : `${Math.max(0, Math.floor(ms / 1_000))} s`
}

/** An interval in its largest whole unit. */
export function intervalText(seconds: number): string {
  if (seconds % 3_600 === 0) return `${seconds / 3_600} h`
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`
}

/** A time in the page's time zone, preceded by the date unless it is today. */
export function timeText(ms: number): string {
  const { clock, dayAndClock } = formatsOf(timeZone.value)
  return (dayText(ms) === dayText(Date.now()) ? clock : dayAndClock).format(ms)
}

/** The day of a time in the page's time zone, as `2024-01-15`. */
export function dayText(ms: number): string {
  return formatsOf(timeZone.value).day.format(ms)
}

/** What a mark on an axis of time says, from a year (0) to seconds (4). */
export function tickText(ms: number, precision: number): string {
  return formatsOf(timeZone.value).ticks[precision]?.format(ms) ?? ''
}

/** A time of day with the name of its zone: the one place where the page says whose time it shows. */
export function zonedTimeText(ms: number): string {
  return formatsOf(timeZone.value).zoned.format(ms)
}

/** The short name of a zone at a time: `CET`, `UTC`. */
export function zoneName(zone: string | undefined, ms: number): string {
  const parts = formatsOf(zone).zoned.formatToParts(ms)
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? ''
}

/** Formatters take long to create; undefined is this machine's zone. */
const formats = new Map<string | undefined, ReturnType<typeof createFormats>>()

function formatsOf(zone: string | undefined) {
  const known = formats.get(zone) ?? createFormats(zone)
  formats.set(zone, known)
  return known
}

function createFormats(zone: string | undefined) {
  const format = (options: Intl.DateTimeFormatOptions, locale?: string) =>
    new Intl.DateTimeFormat(locale, { hourCycle: 'h23', ...(zone && { timeZone: zone }), ...options })
  const minutes = { hour: '2-digit', minute: '2-digit' } as const
  const seconds = { ...minutes, second: '2-digit' } as const
  return {
    // Canada writes days as ISO 8601 does.
    day: format({ year: 'numeric', month: '2-digit', day: '2-digit' }, 'en-CA'),
    clock: format({ timeStyle: 'medium' }),
    dayAndClock: format({ dateStyle: 'medium', timeStyle: 'medium' }),
    zoned: format({ ...seconds, timeZoneName: 'short' }),
    ticks: [
      format({ year: 'numeric' }),
      format({ month: 'short' }),
      format({ day: 'numeric', month: 'short' }),
      format(minutes),
      format(seconds),
    ],
  }
}
