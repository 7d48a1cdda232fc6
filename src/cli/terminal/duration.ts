const UNITS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const
const NAMES = Object.entries(UNITS).toReversed()

/** `90s`, `5m`, `1h`, `2d` in seconds; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? []
  return count === undefined ? undefined : Number(count) * UNITS[unit as keyof typeof UNITS]
}

/** In the format of `parseDuration`, in the largest unit that is exact. */
export function durationText(seconds: number): string {
  const [unit, length] = NAMES.find(([, each]) => seconds % each === 0) ?? ['s', 1]
  return `${seconds / length}${unit}`
}

/** An approximate duration for people: `0 s`, `59 s`, `3 min`, `2 h`, `4 d`. */
export function roughly(ms: number): string {
  const seconds = Math.floor(ms / 1_000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < UNITS.h) return `${Math.floor(seconds / UNITS.m)} min`
  if (seconds < 2 * UNITS.d) return `${Math.floor(seconds / UNITS.h)} h`
  return `${Math.floor(seconds / UNITS.d)} d`
}
