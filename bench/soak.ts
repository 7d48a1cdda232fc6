import { setTimeout as sleep } from 'node:timers/promises'
import { feed, groupsOf, takePrices } from './filled.ts'
import { useOf } from './process-use.ts'
import { exitOnSignals } from './processes.ts'
import { openReader } from './reader.ts'
import { perSecond } from './rounds.ts'
import { startService, type Service } from './service.ts'
import { numberText } from './table.ts'

// npm run soak: half of what the service can take, for SOAK_MINUTES (30). What fails ends it; what grows is told at the end.

const MINUTES = Number(process.env['SOAK_MINUTES'] ?? 30)
const SAMPLE_MS = 10_000
const READERS = 100
/** More than the service takes in a second: a symbol has one price a second. */
const SYMBOLS = 10_000

const WATCHED = ['serviceMiB', 'serviceFiles', 'databaseMiB', 'databaseFiles'] as const

type Sample = { readonly hours: number } & Readonly<Record<Watched, number>>
type Watched = (typeof WATCHED)[number]

exitOnSignals()
await using service = await startService()
await takeAll(service.url, 10_000)
const maximum = await perSecond(() => takeAll(service.url, 10_000))
const rate = Math.floor(maximum / 2)
console.log(`takes ${numberText(maximum)} prices/s; from now on ${rate}/s for ${MINUTES} minutes, ${READERS} streams`)

const ending = new AbortController()
let delivered = 0
for (let count = 0; count < READERS; count++) {
  await openReader(`${service.url}/prices/stream?symbols=S${count % rate}`, () => void delivered++)
}
let taken = 0
const filled = feed(service.url, rate, { signal: ending.signal, onTaken: (prices) => void (taken += prices.length) })
const samples = await Promise.race([takeSamples(service), filled.then(() => [])])
ending.abort()
await filled
if (delivered === 0) throw new Error('the streams brought nothing')
console.log(`${taken} prices taken, ${delivered} delivered, no error; growth by the hour, from the second fifth on:`)
for (const watched of WATCHED) {
  console.log(`  ${watched.padEnd(13)} ${numberText(slopeOf(samples.slice(samples.length / 5), watched))}`)
}

/** As fast as it goes, by a few callers at once. */
async function takeAll(url: string, ms: number): Promise<number> {
  const groups = groupsOf(SYMBOLS)
  const deadline = performance.now() + ms
  let next = 0
  const call = async () => {
    let count = 0
    while (performance.now() < deadline) count += (await takePrices(url, groups[next++ % groups.length] ?? [])).length
    return count
  }
  const counts = await Promise.all([call(), call(), call(), call()])
  return counts.reduce((sum, count) => sum + count, 0)
}

async function takeSamples({ pid }: Service): Promise<readonly Sample[]> {
  const found: Sample[] = []
  for (let at = 0; at <= (MINUTES * 60_000) / SAMPLE_MS; at++) {
    const [own, all] = [useOf(pid, { family: false }), useOf(pid, { family: true })]
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

/** Of the straight line that fits best. */
function slopeOf(of: readonly Sample[], watched: Watched): number {
  const mean = (value: (sample: Sample) => number) => of.reduce((sum, sample) => sum + value(sample), 0) / of.length
  const [hours, level] = [mean((sample) => sample.hours), mean((sample) => sample[watched])]
  const covariance = mean((sample) => (sample.hours - hours) * (sample[watched] - level))
  return covariance / mean((sample) => (sample.hours - hours) ** 2)
}
