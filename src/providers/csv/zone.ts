const DAY_MS = 86_400_000
const OFFSET = /GMT(?:([+-])(\d{2}):(\d{2})(?::(\d{2}))?)?$/
/** Bounded, since a file may have any number of days. */
const MAX_DAYS = 20_000

const formats = new Map<string, Intl.DateTimeFormat>()
const offsetsOfDays = new Map<string, number>()

export function isZone(name: string): boolean {
  try {
    return formatOf(name) !== undefined
  } catch {
    return false
  }
}

/**
 * The moment, in milliseconds, at which the clocks of a zone show this local time, itself given as if it were UTC; a reason if
 * they never show it, or twice.
 */
export function momentIn(zone: string, localMs: number): number | string {
  const key = `${zone} ${Math.floor(localMs / DAY_MS)}`
  const known = offsetsOfDays.get(key)
  if (known !== undefined) return localMs - known
  const around = [offsetAt(zone, localMs - 2 * DAY_MS), offsetAt(zone, localMs + 2 * DAY_MS)]
  const [before = 0, after = 0] = around
  if (before === after) return localMs - keep(key, before)
  const moments = [...new Set(around)].map((offset) => localMs - offset)
  const shown = moments.filter((moment) => moment + offsetAt(zone, moment) === localMs)
  if (shown.length > 1) return `the clocks of ${zone} show it twice`
  return shown[0] ?? `the clocks of ${zone} skip it`
}

function keep(key: string, offset: number): number {
  if (offsetsOfDays.size >= MAX_DAYS) offsetsOfDays.clear()
  offsetsOfDays.set(key, offset)
  return offset
}

function offsetAt(zone: string, ms: number): number {
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = OFFSET.exec(formatOf(zone).format(ms)) ?? []
  const size = (Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)) * 1_000
  return sign === '-' ? -size : size
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone)
  if (known !== undefined) return known
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
  formats.set(zone, format)
  return format
}
