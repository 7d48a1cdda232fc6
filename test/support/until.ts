import { setTimeout as sleep } from 'node:timers/promises'

type Timing = { readonly everyMs?: number; readonly withinMs?: number }

/** Probes that call a service cost it time that others need, so they soon become rarer. */
const FIRST_PAUSE_MS = 5
const LONGEST_PAUSE_MS = 50

/** Calls `probe` until it returns something, and returns that. @throws after a minute by default, naming what was expected */
export async function until<T>(
  probe: () => T | Promise<T>,
  what: string,
  { everyMs, withinMs = 60_000 }: Timing = {},
): Promise<Exclude<T, false | undefined>> {
  const deadline = Date.now() + withinMs
  let pauseMs = everyMs ?? FIRST_PAUSE_MS
  while (true) {
    const found = await probe()
    if (found) return found as Exclude<T, false | undefined>
    if (Date.now() > deadline) throw new Error(`not within ${withinMs / 1_000} s: ${what}`)
    await sleep(pauseMs)
    pauseMs = everyMs ?? Math.min(pauseMs * 1.25, LONGEST_PAUSE_MS)
  }
}
