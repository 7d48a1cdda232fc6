import type { Cpu, Spender, Work } from './cpu.ts'

/** How much is measured: enough for figures, or just enough to show that the measurement works. */
export type Scale = {
  /** Rounds that count; one more runs first, as a warm-up. */
  readonly rounds: number
  /** Duration of a measurement by time, for each side in each round. */
  readonly seconds: number
  /** Amount of work of a measurement by work, for each side in each round. */
  readonly events: number
  /** Rows of the large table; the small one has a twentieth. */
  readonly rows: number
}

export const FULL: Scale = { rounds: 5, seconds: 3, events: 100_000, rows: 20_000_000 }
export const QUICK: Scale = { rounds: 1, seconds: 0.5, events: 2_000, rows: 20_000 }

/** One measurement: what was measured, and the CPU time that it took. */
export type Sample = { readonly figure: number; readonly cpu: Cpu }

/**
 * Measures each side once per round, in turn, so that other activity on the machine affects all sides alike.
 * @returns the median of each side; the first round does not count
 */
export async function interleave<Side extends string>(scale: Scale, sides: Sides<Side, number>) {
  return mapValues(await measureRounds(scale, sides), (figures) => quantile(figures, 0.5))
}

/** As `interleave`, for figures with their CPU time, of which each is a median of its own. */
export async function interleaveSamples<Side extends string>(scale: Scale, sides: Sides<Side, Sample>) {
  return mapValues(await measureRounds(scale, sides), medianSample)
}

type Sides<Side extends string, Measured> = Readonly<Record<Side, () => Promise<Measured>>>

async function measureRounds<Side extends string, Measured>({ rounds }: Scale, sides: Sides<Side, Measured>) {
  const names = Object.keys(sides) as Side[]
  const measured = Object.fromEntries(names.map((name) => [name, [] as Measured[]])) as Record<Side, Measured[]>
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const one = await sides[name]()
      if (round > 0) measured[name].push(one)
    }
  }
  return measured
}

function mapValues<Key extends string, From, To>(record: Readonly<Record<Key, From>>, change: (value: From) => To) {
  const entries = Object.entries<From>(record).map(([key, value]) => [key, change(value)])
  return Object.fromEntries(entries) as Record<Key, To>
}

function medianSample(samples: readonly Sample[]): Sample {
  const spenders = Object.keys(samples[0]?.cpu ?? {}) as Spender[]
  const medianOf = (spender: Spender) =>
    quantile(
      samples.map(({ cpu }) => cpu[spender] ?? 0),
      0.5,
    )
  return {
    figure: quantile(
      samples.map(({ figure }) => figure),
      0.5,
    ),
    cpu: Object.fromEntries(spenders.map((spender) => [spender, medianOf(spender)])),
  }
}

/** The figure that a share of the figures (0 to 1) does not exceed. */
export function quantile(figures: readonly number[], share: number): number {
  const ordered = figures.toSorted((a, b) => a - b)
  return ordered[Math.min(ordered.length - 1, Math.floor(ordered.length * share))] ?? Number.NaN
}

/** The rate of work that counts what it did. */
export async function perSecond(work: () => Promise<number>): Promise<number> {
  return (await timed(work)).perSecond
}

/** Work that counts what it did, with its rate. */
export async function timed(work: () => Promise<number>): Promise<Work> {
  const since = performance.now()
  const operations = await work()
  return { operations, perSecond: (operations * 1_000) / (performance.now() - since) }
}
