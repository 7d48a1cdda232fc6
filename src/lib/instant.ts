declare const instantBrand: unique symbol
/**
 * A moment as RFC 3339 text in UTC with 0, 3 or 6 fraction digits, whichever is the fewest that lose nothing
 * (`2025-06-15T20:30:27.283671Z`). Microseconds, because PostgreSQL keeps microseconds; the same text everywhere.
 */
export type Instant = string & { readonly [instantBrand]: true }

const RFC3339 = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}(?::?\d{2})?)$/i

/** What `instantFromMicros` would write unchanged. */
const CANONICAL = /^(?!0000)\d{4}-\d{2}-\d{2}T(?:[01]\d|2[0-3]):\d{2}:\d{2}(?:\.(?:\d{3})?(?!000)\d{3})?Z$/

/** The years 1 to 9999: PostgreSQL knows no year 0, and four digits hold no later one. */
const [FIRST_MICROS, LAST_MICROS] = [-62_135_596_800_000_000n, 253_402_300_799_999_999n]

export const ONE_YEAR_SECONDS = 31_536_000

/**
 * Reads RFC 3339 or PostgreSQL's text with any offset and up to nanoseconds (cut to microseconds). Undefined for anything
 * else, and for a moment outside the years 1 to 9999 in UTC.
 */
export function parseInstant(text: string): Instant | undefined {
  const match = RFC3339.exec(text)
  if (!match) return undefined
  const [, date, time, fraction = '', zone = 'Z'] = match
  const seconds = Date.parse(`${date}T${time}${isoZone(zone)}`)
  if (Number.isNaN(seconds) || !dayExists(date ?? '')) return undefined
  if (CANONICAL.test(text)) return text as Instant
  const micros = BigInt(seconds) * 1000n + BigInt(fraction.padEnd(6, '0').slice(0, 6))
  return micros < FIRST_MICROS || micros > LAST_MICROS ? undefined : instantFromMicros(micros)
}

const DAY = /^\d{4}-\d{2}-\d{2}$/

/** As `parseInstant`; a day alone (`2025-06-15`) is its first moment in UTC. */
export function parseDayOrInstant(text: string): Instant | undefined {
  return parseInstant(DAY.test(text) ? `${text}T00:00:00Z` : text)
}

export function instantFromMicros(micros: bigint): Instant {
  const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n
  const head = new Date(Number((micros - fraction) / 1000n)).toISOString().slice(0, 19)
  const digits = String(fraction).padStart(6, '0')
  if (fraction === 0n) return `${head}Z` as Instant
  return `${head}.${digits.endsWith('000') ? digits.slice(0, 3) : digits}Z` as Instant
}

export function instantFromMillis(ms: number): Instant {
  return instantFromMicros(BigInt(Math.floor(ms)) * 1000n)
}

/** The same with six fraction digits always, for tables: readers of CSV expect every row of a column to have one form. */
export function sixDigits(instant: Instant): string {
  return `${instant.slice(0, 19)}.${instant.slice(20, -1).padEnd(6, '0')}Z`
}

/** A time as PostgreSQL writes it in UTC, without trailing zeros: `2025-06-15 20:30:27.28+00`. */
export type SqlTime = string & { readonly [sqlTimeBrand]: true }
declare const sqlTimeBrand: unique symbol

const ZEROS = '000000'

/** Does not check the digits: PostgreSQL only writes valid times, and they are many. */
export function instantOfSqlTime(time: SqlTime): Instant {
  const digits = time.length - '2025-06-15 20:30:27.+00'.length
  const head = `${time.slice(0, 10)}T${time.slice(11, -3)}`
  if (digits <= 0) return `${head}Z` as Instant
  return `${head}${ZEROS.slice(digits > 3 ? digits : digits + 3)}Z` as Instant
}

/** The same as `sixDigits(instantOfSqlTime(time))`. */
export function sixDigitsOfSqlTime(time: SqlTime): string {
  const digits = time.length - '2025-06-15 20:30:27.+00'.length
  const head = `${time.slice(0, 10)}T${time.slice(11, -3)}`
  return digits <= 0 ? `${head}.${ZEROS}Z` : `${head}${ZEROS.slice(digits)}Z`
}

export function microsOf(instant: Instant): bigint {
  const fraction = instant.slice(20, -1)
  return BigInt(Date.parse(`${instant.slice(0, 19)}Z`)) * 1000n + BigInt(fraction.padEnd(6, '0'))
}

/** Milliseconds since 1970, without the fraction of a millisecond. */
export function millisOf(instant: Instant): number {
  return Date.parse(instant)
}

/** Negative, zero or positive. The texts do not sort as they are (`:27Z` is earlier than `:27.500Z`), but without the `Z` they do. */
export function compareInstants(a: Instant, b: Instant): number {
  if (a === b) return 0
  if (a.length === b.length) return a < b ? -1 : 1
  return a.slice(0, -1) < b.slice(0, -1) ? -1 : 1
}

function isoZone(zone: string): string {
  if (zone.toUpperCase() === 'Z') return 'Z'
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0')
  return `${zone[0]}${digits.slice(0, 2)}:${digits.slice(2)}`
}

/** `Date.parse` reads 31 February as 3 March. */
function dayExists(date: string): boolean {
  return date.slice(8) <= '28' || new Date(`${date}T00:00:00Z`).toISOString().startsWith(date)
}
