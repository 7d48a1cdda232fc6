import { signal } from '@preact/signals'

/** How far the service's clock is ahead of this machine's, in milliseconds: ages are told by the service's. */
let aheadMs = 0

/** The service's time, in milliseconds; moves once a second. */
export const now = signal(Date.now())

export function startClock(): void {
  setInterval(() => (now.value = serviceNow()), 1_000)
}

function serviceNow(): number {
  return Date.now() + aheadMs
}

/** Learns the service's clock from an answer that tells a time and its age. */
export function setClock(timestamp: string, ageMs: number): void {
  aheadMs = ageMs > 0 ? Date.parse(timestamp) + ageMs - Date.now() : aheadMs
}

/** Seconds since 1970 with all the digits that are known: `Date` stops at milliseconds. */
export function secondsOf(timestamp: string): number {
  const millis = Date.parse(timestamp)
  const micros = /\.\d{3}(\d{1,3})/.exec(timestamp)?.[1]
  return millis / 1_000 + (micros === undefined ? 0 : Number(micros.padEnd(3, '0')) / 1_000_000)
}

const STEPS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
] as const

/** `4 s`, `12 min`, `3 h`, `2 d`: one unit, since the eye wants the size and not the figure. */
export function spanText(ms: number): string {
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

/** The time of day here; with its day where that is not today. */
export function timeText(ms: number): string {
  const isToday = new Date(ms).toDateString() === new Date(Date.now()).toDateString()
  return (isToday ? clockTime : dayAndTime).format(ms)
}
