import { setTimeout as sleep } from 'node:timers/promises'
import { checkOut } from './against/checkout.ts'
import { applyLoad } from './load.ts'
import { usageOf } from './resource-usage.ts'
import { interleave, type Scale } from './interleave.ts'
import { OURS, startService, type Service } from './service.ts'
import type { Figure } from './table.ts'

const PRICES_PER_SECOND = 2_000
/** 0.2.0, before its paths were made cheaper. */
const BEFORE = '445f9aa'

/**
 * CPU time and memory of a million prices, from the provider's reply to their averages: service and database together,
 * beside those of 0.2.0, which needs the history of the repository.
 */
export async function measureCost(scale: Scale): Promise<readonly Figure[]> {
  using checkout = checkOut(BEFORE)
  const seconds = await interleave(scale, {
    ours: () => secondsPerMillion(OURS, scale),
    before: () => secondsPerMillion(checkout.folder, scale),
  })
  const memory = await memoryOf(scale)
  const peer = { name: '0.2.0', theirs: seconds.before, target: { atMost: 0.7 } }
  return [
    { what: `a million prices at ${PRICES_PER_SECOND}/s, including averages`, unit: 'CPU s', ours: seconds.ours, peer },
    ...memory,
  ]
}

async function secondsPerMillion(folder: string, scale: Scale): Promise<number> {
  await using service = await startService({}, folder)
  return loadWarm(service, scale.seconds)
}

/** CPU seconds of a million prices, once the service is warm. */
async function loadWarm(service: Service, seconds: number): Promise<number> {
  await load(service.url, seconds)
  const before = usageOf(service.pid, { withDescendants: true }).cpuSeconds
  const prices = await load(service.url, seconds * 3)
  // The averages follow within a second.
  await sleep(1_000)
  return ((usageOf(service.pid, { withDescendants: true }).cpuSeconds - before) * 1_000_000) / prices
}

async function memoryOf(scale: Scale): Promise<readonly Figure[]> {
  await using service = await startService()
  await loadWarm(service, scale.seconds)
  const mebibytes = (withDescendants: boolean) => usageOf(service.pid, { withDescendants }).bytes / 2 ** 20
  return [
    { what: 'memory of service and database', unit: 'MiB', ours: mebibytes(true) },
    { what: 'memory of the service alone', unit: 'MiB', ours: mebibytes(false) },
  ]
}

async function load(url: string, seconds: number): Promise<number> {
  let prices = 0
  const onFetched = (fetched: readonly unknown[]) => void (prices += fetched.length)
  await applyLoad(url, PRICES_PER_SECOND, { signal: AbortSignal.timeout(seconds * 1_000), onFetched })
  return prices
}
