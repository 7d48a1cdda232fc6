import { setTimeout as sleep } from 'node:timers/promises'
import { applyLoad } from './load.ts'
import { usageOf, type Usage } from './resource-usage.ts'
import type { Scale } from './interleave.ts'
import { startService } from './service.ts'
import type { Figure } from './table.ts'

const PRICES_PER_SECOND = 2_000

/** CPU time and memory of a million prices, from the provider's reply to their averages: service and database together. */
export async function measureCost(scale: Scale): Promise<readonly Figure[]> {
  await using service = await startService()
  await load(service.url, scale.seconds)
  const before = usageOf(service.pid, { withDescendants: true })
  const prices = await load(service.url, scale.seconds * 5)
  // The averages follow within a second.
  await sleep(1_000)
  const after = usageOf(service.pid, { withDescendants: true })
  const perMillion = (of: (usage: Usage) => number) => ((of(after) - of(before)) * 1_000_000) / prices
  return [
    {
      what: `a million prices at ${PRICES_PER_SECOND}/s, including averages`,
      unit: 'CPU s',
      ours: perMillion((usage) => usage.cpuSeconds),
    },
    { what: 'memory of service and database', unit: 'MiB', ours: after.bytes / 2 ** 20 },
    {
      what: 'memory of the service alone',
      unit: 'MiB',
      ours: usageOf(service.pid, { withDescendants: false }).bytes / 2 ** 20,
    },
  ]
}

async function load(url: string, seconds: number): Promise<number> {
  let prices = 0
  const onFetched = (fetched: readonly unknown[]) => void (prices += fetched.length)
  await applyLoad(url, PRICES_PER_SECOND, { signal: AbortSignal.timeout(seconds * 1_000), onFetched })
  return prices
}
