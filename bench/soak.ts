import { setTimeout as sleep } from 'node:timers/promises'
import { applyLoad, symbolGroups, fetchPrices } from './load.ts'
import { usageOf } from './resource-usage.ts'
import { exitOnSignals } from './processes.ts'
import { openStreamClient } from './stream-client.ts'
import { perSecond } from './interleave.ts'
import { startService, type Service } from './service.ts'
import { numberText } from './table.ts'

// npm run soak: runs the service at half of its capacity for SOAK_MINUTES (30). Any failure ends the run; the end reports the
// growth of memory and files.

const MINUTES = Number(process.env['SOAK_MINUTES'] ?? 30)
const SAMPLE_MS = 10_000
const CLIENTS = 100
/** More than the service can fetch in a second, because each symbol has one new price a second. */
const SYMBOLS = 10_000

const WATCHED = ['serviceMiB', 'serviceFiles', 'databaseMiB', 'databaseFiles'] as const

type Sample = { readonly hours: number } & Readonly<Record<Watched, number>>
type Watched = (typeof WATCHED)[number]

exitOnSignals()
await using service = await startService()
await fetchAll(service.url, 10_000)
const maximum = await perSecond(() => fetchAll(service.url, 10_000))
const rate = Math.floor(maximum / 2)
console.log(
  `capacity ${numberText(maximum)} prices/s; running at ${rate}/s for ${MINUTES} minutes with ${CLIENTS} streams`,
)

const ending = new AbortController()
let delivered = 0
for (let count = 0; count < CLIENTS; count++) {
  await openStreamClient(`${service.url}/prices/stream?symbols=S${count % rate}`, () => void delivered++)
}
let fetched = 0
const load = applyLoad(service.url, rate, {
  signal: ending.signal,
  onFetched: (prices) => void (fetched += prices.length),
})
const samples = await Promise.race([takeSamples(service), load.then(() => [])])
ending.abort()
await load
if (delivered === 0) throw new Error('the streams delivered nothing')
console.log(`${fetched} prices fetched, ${delivered} delivered, no errors; growth per hour, without the first fifth:`)
for (const watched of WATCHED) {
  console.log(`  ${watched.padEnd(13)} ${numberText(slopeOf(samples.slice(samples.length / 5), watched))}`)
}

/** Fetches prices as fast as possible with a few concurrent callers; returns their number. */
async function fetchAll(url: string, ms: number): Promise<number> {
  const groups = symbolGroups(SYMBOLS)
  const deadline = performance.now() + ms
  let next = 0
  const call = async () => {
    let count = 0
    while (performance.now() < deadline) count += (await fetchPrices(url, groups[next++ % groups.length] ?? [])).length
    return count
  }
  const counts = await Promise.all([call(), call(), call(), call()])
  return counts.reduce((sum, count) => sum + count, 0)
}

async function takeSamples({ pid }: Service): Promise<readonly Sample[]> {
  const found: Sample[] = []
  for (let at = 0; at <= (MINUTES * 60_000) / SAMPLE_MS; at++) {
    const [own, all] = [usageOf(pid, { withDescendants: false }), usageOf(pid, { withDescendants: true })]
    const [serviceMiB, databaseMiB] = [own.bytes / 2 ** 20, (all.bytes - own.bytes) / 2 ** 20]
    const [serviceFiles, databaseFiles] = [own.descriptors, all.descriptors - own.descriptors]
    found.push({ hours: (at * SAMPLE_MS) / 3_600_000, serviceMiB, serviceFiles, databaseMiB, databaseFiles })
    console.log(
      `${at * 10} s: service ${numberText(serviceMiB)} MiB, ${serviceFiles} files; database ${numberText(databaseMiB)} MiB, ${databaseFiles} files`,
    )
    await sleep(SAMPLE_MS)
  }
  return found
}

/** The slope of the best-fitting line, per hour. */
function slopeOf(of: readonly Sample[], watched: Watched): number {
  const mean = (value: (sample: Sample) => number) => of.reduce((sum, sample) => sum + value(sample), 0) / of.length
  const [hours, level] = [mean((sample) => sample.hours), mean((sample) => sample[watched])]
  const covariance = mean((sample) => (sample.hours - hours) * (sample[watched] - level))
  return covariance / mean((sample) => (sample.hours - hours) ** 2)
}
