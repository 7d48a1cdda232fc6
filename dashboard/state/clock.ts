import { signal } from '@preact/signals'

/** How far the service's clock is ahead of this machine's, in milliseconds. Ages are measured by the service's clock. */
let aheadMs = 0

/** The service's time, in milliseconds since 1970; updated once a second. */
export const now = signal(Date.now())

/** Starts to update `now`. */
export function startClock(): void {
  setInterval(() => (now.value = Date.now() + aheadMs), 1_000)
}

/** Sets the clock by a timestamp and its age, as the service measured it. */
export function syncClock(timestamp: string, ageMs: number): void {
  aheadMs = ageMs > 0 ? Date.parse(timestamp) + ageMs - Date.now() : aheadMs
}
