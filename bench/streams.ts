import { setTimeout as sleep } from 'node:timers/promises'
import { feed, groupsOf, type Taken } from './filled.ts'
import { useOf } from './process-use.ts'
import { openReader, type Reader } from './reader.ts'
import { quantile, type Scale } from './rounds.ts'
import { startService, type Service } from './service.ts'
import type { Figure } from './table.ts'

const CLIENTS = 1_000
const IDLERS = 100
const PRICES_PER_SECOND = 1_000
/** Of the 1,000 that are fed; each client follows others. */
const SYMBOLS = 10

/** A thousand readers of ten symbols each while 1,000 prices a second come in; then readers of everything that never read. */
export async function measureStreams(scale: Scale): Promise<readonly Figure[]> {
  const seconds = scale.seconds * 5
  await using service = await startService()
  // Every symbol was seen before, and the code is warm.
  await feedFor(service.url, scale.seconds, () => {})
  const watched = await watch(service, { paths: narrowPaths(), seconds })
  const all = await watch(service, { paths: Array.from({ length: CLIENTS }, () => ''), seconds: scale.seconds })
  const idlers = await growthByIdlers(service, seconds)
  const clients = `${CLIENTS.toLocaleString('en')} clients`
  return [
    {
      what: `${clients}, ${SYMBOLS} symbols each, ${PRICES_PER_SECOND} prices/s: reply to client, p99`,
      unit: 'ms',
      ours: quantile(watched.latencies, 0.99),
      peer: { name: 'what is wanted', theirs: 100, wanted: { atMost: 1 } },
    },
    { what: 'the same, p50', unit: 'ms', ours: quantile(watched.latencies, 0.5) },
    { what: 'the same, delivered', unit: 'events/s', ours: watched.perSecond },
    { what: `${clients}, all symbols: delivered`, unit: 'events/s', ours: all.perSecond },
    { what: `${IDLERS} clients more that never read: memory`, unit: 'MiB', ours: idlers / 2 ** 20 },
  ]
}

function narrowPaths(): string[] {
  const symbols = groupsOf(PRICES_PER_SECOND).flat()
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
  /** From each reply of the provider to each client that follows the symbol; milliseconds. */
  readonly latencies: readonly number[]
  /** Between the first arrival and the last. */
  readonly perSecond: number
}

async function watch({ url }: Service, { paths, seconds }: Watch): Promise<Watched> {
  const arrivals: [id: string, atMs: number][] = []
  const received = new Map<string, number>()
  const readers: Reader[] = []
  for (const path of paths) {
    readers.push(await openReader(`${url}/prices/stream${path}`, (id, atMs) => void arrivals.push([id, atMs])))
  }
  const note = (taken: readonly Taken[]) => taken.forEach(({ id, receivedMs }) => received.set(id, receivedMs))
  await feedFor(url, seconds, note)
  // What is under way arrives, or is not counted.
  await sleep(500)
  for (const reader of readers) reader[Symbol.dispose]()
  const latencies = arrivals.flatMap(([id, atMs]) => atMs - (received.get(id) ?? Number.NaN)).filter(Number.isFinite)
  const tookMs = (arrivals.at(-1)?.[1] ?? Number.NaN) - (arrivals[0]?.[1] ?? Number.NaN)
  return { latencies, perSecond: (arrivals.length * 1_000) / tookMs }
}

async function feedFor(url: string, seconds: number, onTaken: (taken: readonly Taken[]) => void): Promise<void> {
  await feed(url, PRICES_PER_SECOND, { signal: AbortSignal.timeout(seconds * 1_000), onTaken })
}

/** What the service's own process has grown by, beside what it grows by without them. */
async function growthByIdlers({ url, pid }: Service, seconds: number): Promise<number> {
  const before = useOf(pid, { family: false }).bytes
  const readers: Reader[] = []
  for (let count = 0; count < IDLERS; count++) {
    const reader = await openReader(`${url}/prices/stream`, () => {})
    reader.pause()
    readers.push(reader)
  }
  await feedFor(url, seconds, () => {})
  const after = useOf(pid, { family: false }).bytes
  for (const reader of readers) reader[Symbol.dispose]()
  return after - before
}
