import { setTimeout as sleep } from 'node:timers/promises'
import { feed } from './filled.ts'
import { useOf, type Use } from './process-use.ts'
import type { Scale } from './rounds.ts'
import { startService } from './service.ts'
import type { Figure } from './table.ts'

const PRICES_PER_SECOND = 2_000

/** What a million prices cost from the provider's reply to their averages: the service and its database together. */
export async function measureCost(scale: Scale): Promise<readonly Figure[]> {
  await using service = await startService()
  await take(service.url, scale.seconds)
  const before = useOf(service.pid, { family: true })
  const prices = await take(service.url, scale.seconds * 5)
  // Averages follow within the second.
  await sleep(1_000)
  const after = useOf(service.pid, { family: true })
  const perMillion = (of: (use: Use) => number) => ((of(after) - of(before)) * 1_000_000) / prices
  return [
    {
      what: `a million prices at ${PRICES_PER_SECOND}/s, averages included`,
      unit: 'CPU s',
      ours: perMillion((use) => use.cpuSeconds),
    },
    { what: 'memory of service and database', unit: 'MiB', ours: after.bytes / 2 ** 20 },
    { what: 'memory of the service alone', unit: 'MiB', ours: useOf(service.pid, { family: false }).bytes / 2 ** 20 },
  ]
}

async function take(url: string, seconds: number): Promise<number> {
  let prices = 0
  const onTaken = (taken: readonly unknown[]) => void (prices += taken.length)
  await feed(url, PRICES_PER_SECOND, { signal: AbortSignal.timeout(seconds * 1_000), onTaken })
  return prices
}
