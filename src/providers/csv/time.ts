import { instantFromMicros, parseDayOrInstant, parseInstant, type Instant } from '../../lib/instant.ts'
import { momentIn } from './zone.ts'

/** How the times of a file are read. */
export type TimeReading = {
  readonly timezone?: string | undefined
  /** `16:00:00` */
  readonly at?: string | undefined
  /** Whether midnight with an offset means the day. */
  readonly hasDays: boolean
  readonly hasZoneNames: boolean
  /** Whether a day alone is its start in UTC, as version 0.1.0 read it. */
  readonly daysAreUtc: boolean
}

const DATE = /^(?:(\d{4})([-/]?)(\d{2})\2(\d{2})|(\d{2})\.(\d{2})\.(\d{4}))/
const SLASHES = /^\d{1,2}\/\d{1,2}\/\d{4}/
const CLOCK = /^[T ]\s*(\d{1,2}):?(\d{2})(?::?(\d{2})(?:[.,](\d{1,9}))?)?/
const ZONE = /^\s*(?:(Z|UTC|GMT)|([+-]\d{2}(?::?\d{2})?)|([A-Z]{3,5}))$/i
const MIDNIGHT = /^(\d{4}-\d{2}-\d{2})[T ]00:00:00([+-]\d{2}:\d{2})$/
const EPOCH = /^\d{9,10}(?:\.\d{1,6})?$|^\d{12,13}$|^\d{15,16}$/
const DIGITS_OF_SECONDS = 10
const DIGITS_OF_MILLIS = 13

/** Names with one meaning in Yahoo's exports, in hours from UTC; others, such as CST and IST, have several. */
const ZONE_NAMES: Readonly<Record<string, string>> = {
  WET: '+00:00',
  WEST: '+01:00',
  CET: '+01:00',
  CEST: '+02:00',
  EET: '+02:00',
  EEST: '+03:00',
  EST: '-05:00',
  EDT: '-04:00',
  PST: '-08:00',
  PDT: '-07:00',
  HKT: '+08:00',
  JST: '+09:00',
  KST: '+09:00',
  AEST: '+10:00',
  AEDT: '+11:00',
}

/** Why a field is refused. */
export type Refusal = { readonly why: string }

/** The moment that a text means, or why it is none. A zone and the time of a day alone are never guessed. */
export function readTime(text: string, reading: TimeReading): Instant | Refusal {
  if (reading.hasDays && MIDNIGHT.test(text)) return midnight(text, reading)
  const exact = reading.daysAreUtc ? parseDayOrInstant(text) : parseInstant(text)
  if (exact !== undefined) return exact
  if (EPOCH.test(text)) return epoch(text)
  const parts = partsOf(text)
  return typeof parts === 'string' ? refuse(text, parts) : momentOf(text, parts, reading)
}

/** `16:00` as `16:00:00`; undefined unless it is a time of day. */
export function parseClockTime(text: string): string | undefined {
  const [, hour, minute, second = '00'] = /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/.exec(text) ?? []
  return hour === undefined ? undefined : `${hour.padStart(2, '0')}:${minute}:${second}`
}

type Parts = { readonly date: string; readonly clock: string | undefined; readonly zone: string }

function partsOf(text: string): Parts | string {
  const day = DATE.exec(text)
  if (day === null) return SLASHES.test(text) ? 'write the year first: 2024-01-31' : ''
  const [found] = day
  const rest = text.slice(found.length)
  const clock = CLOCK.exec(rest)
  const zone = rest.slice(clock?.[0].length ?? 0).trim()
  if (zone !== '' && (clock === null || !ZONE.test(zone))) return ''
  return { date: dateText(day), clock: clock === null ? undefined : clockText(clock), zone }
}

function dateText([, year, , month, day, ...dayFirst]: readonly string[]): string {
  return year === undefined ? dayFirst.toReversed().join('-') : `${year}-${month}-${day}`
}

function clockText([, hour = '', minute, second = '00', fraction]: readonly string[]): string {
  const time = `${hour.padStart(2, '0')}:${minute}:${second}`
  return fraction === undefined ? time : `${time}.${fraction}`
}

function momentOf(text: string, { date, clock, zone }: Parts, reading: TimeReading): Instant | Refusal {
  if (clock === undefined && (reading.at === undefined || reading.timezone === undefined)) return refuseDay(text)
  const local = `${date}T${clock ?? reading.at}`
  if (zone !== '') return withOffset(text, local, offsetOf(zone, reading))
  if (reading.timezone === undefined) return refuseZone(text, local)
  return inZone(text, local, reading.timezone)
}

function withOffset(text: string, local: string, offset: string | undefined): Instant | Refusal {
  if (offset === undefined)
    return refuse(text, 'the name of its zone has several meanings: write an offset, such as +01:00')
  return parseInstant(`${local}${offset}`) ?? refuse(text)
}

function offsetOf(zone: string, { hasZoneNames }: TimeReading): string | undefined {
  const [, utc, offset, name = ''] = ZONE.exec(zone) ?? []
  if (utc !== undefined) return 'Z'
  return offset ?? (hasZoneNames ? ZONE_NAMES[name.toUpperCase()] : undefined)
}

function inZone(text: string, local: string, timezone: string): Instant | Refusal {
  const asUtc = parseInstant(`${local}Z`)
  if (asUtc === undefined) return refuse(text)
  const seconds = Date.parse(`${asUtc.slice(0, 19)}Z`)
  const moment = momentIn(timezone, seconds)
  if (typeof moment === 'string') return refuse(text, moment)
  const fraction = asUtc.length > 20 ? asUtc.slice(19) : 'Z'
  return parseInstant(isoSeconds(moment) + fraction) ?? refuse(text)
}

/** Empty beyond the years of four digits. */
function isoSeconds(ms: number): string {
  const text = new Date(ms).toISOString()
  return text.length === 24 ? text.slice(0, 19) : ''
}

/** A day in the spelling of a moment: `2024-01-02 00:00:00-05:00`. */
function midnight(text: string, { at, timezone }: TimeReading): Instant | Refusal {
  const [, date = '', offset = ''] = MIDNIGHT.exec(text) ?? []
  if (at === undefined) return refuse(text, 'it is a day: at what time was its price known? Use --at 16:00')
  return timezone === undefined
    ? (parseInstant(`${date}T${at}${offset}`) ?? refuse(text))
    : inZone(text, `${date}T${at}`, timezone)
}

/** Seconds, milliseconds or microseconds since 1970, told apart by their size. */
function epoch(text: string): Instant {
  const [whole = '', fraction = ''] = text.split('.')
  if (whole.length <= DIGITS_OF_SECONDS) return instantFromMicros(BigInt(whole + fraction.padEnd(6, '0')))
  return instantFromMicros(whole.length <= DIGITS_OF_MILLIS ? BigInt(whole) * 1_000n : BigInt(whole))
}

function refuseDay(text: string): Refusal {
  const hint = 'it is a day: when was its price known? Use --at 16:00 --timezone America/New_York'
  return refuse(text, hint)
}

function refuseZone(text: string, local: string): Refusal {
  if (parseInstant(`${local}Z`) === undefined) return refuse(text)
  return refuse(text, `it has no time zone: write ${local}Z, or use --timezone America/New_York`)
}

function refuse(text: string, hint = ''): Refusal {
  return { why: `not a time: ${JSON.stringify(text.slice(0, 60))}${hint === '' ? '' : ` (${hint})`}` }
}
