/** An exchange's sessions as scripts/calendars.py writes them: short, so that a person can compare them with the source. */
export type CalendarTable = {
  /** IANA zone of all times and days in the table. */
  readonly zone: string
  /** Days with sessions, 1 for Monday to 7 for Sunday. */
  readonly weekdays: string
  /** Usual hours (`09:00-11:30 12:30-15:00`), each from its first day on; the first of these days begins the table. */
  readonly hours: readonly (readonly [firstDay: string, hours: string])[]
  readonly lastDay: string
  /** Weekdays without a session, a line for each year (`2018: 01-01 02-12`). */
  readonly closed: string
  /** Days with other hours than usual, by those hours; they may be on a weekend. */
  readonly special: Readonly<Record<string, string>>
  /** How many days with sessions the library counts from the first day to the last. */
  readonly sessions: number
  /** Of the library's schedule in UTC, so that a test notices a table that differs from it. */
  readonly sha256: string
}

/** A stretch of trading, in minutes after local midnight. */
export type Stretch = { readonly opens: number; readonly closes: number }

/** A table, read: the sessions of any of its days. */
export type Calendar = {
  readonly zone: string
  readonly firstDay: string
  readonly lastDay: string
  /** In order, none on a closed day. Only for days from the first to the last. */
  readonly stretchesOn: (day: string) => readonly Stretch[]
}

/** Reads a table; its text is trusted, because a test compares every day of it with the library. */
export function createCalendar(table: CalendarTable): Calendar {
  const periods = table.hours.map(([firstDay, hours]) => ({ firstDay, stretches: stretchesOf(hours) }))
  const exceptions = exceptionsOf(table)
  return {
    zone: table.zone,
    firstDay: periods[0]?.firstDay ?? table.lastDay,
    lastDay: table.lastDay,
    stretchesOn: (day) => {
      const exception = exceptions.get(day)
      if (exception) return exception
      if (!table.weekdays.includes(weekdayOf(day))) return []
      return periods.findLast(({ firstDay }) => firstDay <= day)?.stretches ?? []
    },
  }
}

function exceptionsOf({ closed, special }: CalendarTable): ReadonlyMap<string, readonly Stretch[]> {
  const without = daysOf(closed).map((day) => [day, []] as const)
  const others = Object.entries(special).flatMap(([hours, days]) =>
    daysOf(days).map((day) => [day, stretchesOf(hours)] as const),
  )
  return new Map([...without, ...others])
}

function daysOf(text: string): string[] {
  return text
    .trim()
    .split('\n')
    .flatMap((line) => {
      const [year = '', ...dates] = line.trim().split(/:? /)
      return dates.map((date) => `${year}-${date}`)
    })
}

function stretchesOf(hours: string): readonly Stretch[] {
  return hours.split(' ').map((stretch) => {
    const [opens = '', closes = ''] = stretch.split('-')
    return { opens: minutesOf(opens), closes: minutesOf(closes) }
  })
}

function minutesOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3))
}

function weekdayOf(day: string): string {
  return String(new Date(`${day}T00:00:00Z`).getUTCDay() || 7)
}
