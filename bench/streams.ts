import { setTimeout as sleep } from 'node:timers/promises'
import { applyLoad, symbolGroups, type FetchedPrice } from './load.ts'
import { usageOf } from './resource-usage.ts'
import { openStreamClient, type StreamClient } from './stream-client.ts'
import { quantile, type Scale } from './interleave.ts'
import { startService, type Service } from './service.ts'
import type { Figure } from './table.ts'

const CLIENTS = 1_000
const STALLED_CLIENTS = 100
const PRICES_PER_SECOND = 1_000
/** Symbols of each client, out of the 1,000 under load; each client follows different ones. */
const SYMBOLS = 10

/** A thousand clients of ten symbols each at 1,000 prices a second; then clients of every symbol, some of which never read. */
export async function measureStreams(scale: Scale): Promise<readonly Figure[]> {
  const seconds = scale.seconds * 5
  await using service = await startService()
  // A warm-up: every symbol has a price, and the code is compiled.
  await loadFor(service.url, scale.seconds, () => {})
  const watched = await watch(service, { paths: narrowPaths(), seconds })
  const all = await watch(service, { paths: Array.from({ length: CLIENTS }, () => ''), seconds: scale.seconds })
  const stalledBytes = await memoryOfStalledClients(service, seconds)
  const clientsText = `${CLIENTS.toLocaleString('en')} clients`
  return [
    {
      what: `${clientsText}, ${SYMBOLS} symbols each, ${PRICES_PER_SECOND} prices/s: reply to client, p99`,
      unit: 'ms',
      ours: quantile(watched.latencies, 0.99),
      peer: { name: 'budget', theirs: 100, target: { atMost: 1 } },
    },
    { what: 'the same, p50', unit: 'ms', ours: quantile(watched.latencies, 0.5) },
    { what: 'the same, delivered', unit: 'events/s', ours: watched.perSecond },
    { what: `${clientsText}, all symbols: delivered`, unit: 'events/s', ours: all.perSecond },
    {
      what: `${STALLED_CLIENTS} additional clients that never read: memory`,
      unit: 'MiB',
      ours: stalledBytes / 2 ** 20,
    },
  ]
}

function narrowPaths(): string[] {
  const symbols = symbolGroups(PRICES_PER_SECOND).flat()
  return Array.from({ length: CLIENTS }, (_, at) => {
    const own = Array.from(
      { length: SYMBOLS },
      (__, n) => symbols[(at + n * (PRICES_PER_SECOND / SYMBOLS)) % symbols.length],
    )
    return `?symbols=${own.join()}`
  })
}

type Watch = { readonly paths: readonly string[]; readonly seconds: number }

type Watched = {
  /** From each reply of the provider to each client that follows the symbol, in milliseconds. */
  readonly latencies: readonly number[]
  /** Events per second, between the first arrival and the last. */
  readonly perSecond: number
}

async function watch({ url }: Service, { paths, seconds }: Watch): Promise<Watched> {
  const arrivals: [id: string, atMs: number][] = []
  const received = new Map<string, number>()
  const clients: StreamClient[] = []
  for (const path of paths) {
    clients.push(await openStreamClient(`${url}/prices/stream${path}`, (id, atMs) => void arrivals.push([id, atMs])))
  }
  const onFetched = (prices: readonly FetchedPrice[]) =>
    prices.forEach(({ id, receivedMs }) => received.set(id, receivedMs))
  await loadFor(url, seconds, onFetched)
  // Events in flight arrive within this time, or do not count.
  await sleep(500)
  for (const client of clients) client[Symbol.dispose]()
  const latencies = arrivals.flatMap(([id, atMs]) => atMs - (received.get(id) ?? Number.NaN)).filter(Number.isFinite)
  const tookMs = (arrivals.at(-1)?.[1] ?? Number.NaN) - (arrivals[0]?.[1] ?? Number.NaN)
  return { latencies, perSecond: (arrivals.length * 1_000) / tookMs }
}

async function loadFor(
  url: string,
  seconds: number,
  onFetched: (prices: readonly FetchedPrice[]) => void,
): Promise<void> {
  await applyLoad(url, PRICES_PER_SECOND, { signal: AbortSignal.timeout(seconds * 1_000), onFetched })
}

/** The growth of the service's process in bytes while clients are connected that never read. */
async function memoryOfStalledClients({ url, pid }: Service, seconds: number): Promise<number> {
  const before = usageOf(pid, { withDescendants: false }).bytes
  const clients: StreamClient[] = []
  for (let count = 0; count < STALLED_CLIENTS; count++) {
    const client = await openStreamClient(`${url}/prices/stream`, () => {})
    client.pause()
    clients.push(client)
  }
  await loadFor(url, seconds, () => {})
  const after = usageOf(pid, { withDescendants: false }).bytes
  for (const client of clients) client[Symbol.dispose]()
  return after - before
}
