import { setTimeout as sleep } from 'node:timers/promises'

type Patience = { readonly everyMs?: number; readonly withinMs?: number }

/** Asks again and again until there is something, and answers with it. @throws after a minute, saying what did not come */
export async function until<T>(
  probe: () => T | Promise<T>,
  what: string,
  { everyMs = 10, withinMs = 60_000 }: Patience = {},
): Promise<Exclude<T, false | undefined>> {
  const deadline = Date.now() + withinMs
  while (true) {
    const found = await probe()
    if (found) return found as Exclude<T, false | undefined>
    if (Date.now() > deadline) throw new Error(`not within ${withinMs / 1_000} s: ${what}`)
    await sleep(everyMs)
  }
}
