const MINUTE_MS = 60_000

/** A formatter takes far longer to build than to use. */
const formatters = new Map<string, Intl.DateTimeFormat>()

/** The day (`YYYY-MM-DD`) that the clocks of the IANA zone show at a moment in epoch milliseconds. */
export function localDay(atMs: number, zone: string): string {
  return new Date(wallClock(atMs, zone)).toISOString().slice(0, 10)
}

/**
 * Epoch milliseconds of a time of day, in minutes after midnight, on a day of the zone. A time that the clocks skip or
 * show twice gives a moment within an hour of it.
 */
export function momentOf(day: string, minutes: number, zone: string): number {
  const asUtc = Date.parse(`${day}T00:00:00Z`) + minutes * MINUTE_MS
  const near = asUtc - offsetMs(asUtc, zone)
  return asUtc - offsetMs(near, zone)
}

function offsetMs(atMs: number, zone: string): number {
  return wallClock(atMs, zone) - Math.floor(atMs / 1000) * 1000
}

/** What the zone's clocks show, to the second, in milliseconds as if they showed UTC. */
function wallClock(atMs: number, zone: string): number {
  const parts = new Map(
    formatterOf(zone)
      .formatToParts(atMs)
      .map(({ type, value }) => [type, Number(value)]),
  )
  const [year = 0, month = 1, ...rest] = UNITS.map((unit) => parts.get(unit))
  return Date.UTC(year, month - 1, ...rest.map((value) => value ?? 0))
}

const UNITS = ['year', 'month', 'day', 'hour', 'minute', 'second'] as const

function formatterOf(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone)
  if (known) return known
  const numeric = { year: 'numeric', month: 'numeric', day: 'numeric' } as const
  const time = { hour: 'numeric', minute: 'numeric', second: 'numeric', hourCycle: 'h23' } as const
  const formatter = new Intl.DateTimeFormat('en-US', { timeZone: zone, ...numeric, ...time })
  formatters.set(zone, formatter)
  return formatter
}
