import { setTimeout as sleep } from 'node:timers/promises'

const EVERY_MS = 10

/** Asks again and again until there is something, and answers with it. @throws after a minute, saying what did not come */
export async function until<T>(probe: () => T | Promise<T>, what: string): Promise<Exclude<T, false | undefined>> {
  const deadline = Date.now() + 60_000
  while (true) {
    const found = await probe()
    if (found) return found as Exclude<T, false | undefined>
    if (Date.now() > deadline) throw new Error(`not within a minute: ${what}`)
    await sleep(EVERY_MS)
  }
}
