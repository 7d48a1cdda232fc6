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

const clockTime = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium', hourCycle: 'h23' })
const dayAndTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' })

/** The local time, preceded by the date unless it is today. */
export function timeText(ms: number): string {
  const isToday = new Date(ms).toDateString() === new Date(Date.now()).toDateString()
  return (isToday ? clockTime : dayAndTime).format(ms)
}
