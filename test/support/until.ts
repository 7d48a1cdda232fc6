import { setTimeout as sleep } from 'node:timers/promises'

type Timing = { readonly everyMs?: number; readonly withinMs?: number }

/** Calls `probe` until it returns something, and returns that. @throws after a minute by default, naming what was expected */
export async function until<T>(
  probe: () => T | Promise<T>,
  what: string,
  { everyMs = 10, withinMs = 60_000 }: Timing = {},
): Promise<Exclude<T, false | undefined>> {
  const deadline = Date.now() + withinMs
  while (true) {
    const found = await probe()
    if (found) return found as Exclude<T, false | undefined>
    if (Date.now() > deadline) throw new Error(`not within ${withinMs / 1_000} s: ${what}`)
    await sleep(everyMs)
  }
}
