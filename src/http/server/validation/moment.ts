import { instantFromMillis, parseDayOrInstant, type Instant } from '../../../lib/instant.ts'

/** No time is longer. */
export const MAX_INSTANT_LENGTH = 40

/** Reads a time of a query; undefined if it is none. */
export function readMoment(text: string): Instant | undefined {
  // A plus sign in a query means a space, so an unescaped offset arrives with one.
  return parseDayOrInstant(text.replace(/ (\d{2}:?\d{2})$/, '+$1'))
}

/** The same of a member that may be missing, or of a wrong type. */
export function momentOf(text: unknown): Instant | undefined {
  return typeof text === 'string' ? readMoment(text) : undefined
}

const UNIX_SECONDS = /^\d{9,11}$/
const UNIX_MILLIS = /^\d{12,14}$/
const WITHOUT_SECONDS = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(Z?)$/i
const WITHOUT_ZONE = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?)$/

/** What is wrong with a text that is not a time, and what would be right. A zone is never guessed. */
export function momentMistake(text: string): string {
  if (UNIX_SECONDS.test(text)) return `is a Unix time; write ${instantFromMillis(Number(text) * 1000)}`
  if (UNIX_MILLIS.test(text)) return `is a Unix time in milliseconds; write ${instantFromMillis(Number(text))}`
  const [, day, minutes, zone] = WITHOUT_SECONDS.exec(text) ?? []
  if (day !== undefined && isTime(`${day}T${minutes}:00Z`)) {
    return zone ? `needs seconds: ${day}T${minutes}:00Z` : needsZone(`${day}T${minutes}:00`)
  }
  const [, date, time] = WITHOUT_ZONE.exec(text) ?? []
  if (date !== undefined && isTime(`${date}T${time}Z`)) return needsZone(`${date}T${time}`)
  return 'is not a date or time; write 2025-06-15 (midnight in UTC) or 2025-06-15T20:30:00Z'
}

function isTime(text: string): boolean {
  return parseDayOrInstant(text) !== undefined
}

function needsZone(time: string): string {
  return `needs a time zone: ${time}Z for UTC, or an offset such as ${time}+02:00`
}
