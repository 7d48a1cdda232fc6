/** How much is measured: enough for figures, or as little as shows that the measurement works. */
export type Scale = {
  /** Counted rounds; one more goes before them to warm everything up. */
  readonly rounds: number
  /** What is measured by time takes so long, each side in each round. */
  readonly seconds: number
  /** What is measured by work does so much, each side in each round. */
  readonly events: number
  /** Rows of the large table; the small one has a twentieth. */
  readonly rows: number
}

export const FULL: Scale = { rounds: 3, seconds: 4, events: 100_000, rows: 20_000_000 }
export const QUICK: Scale = { rounds: 1, seconds: 0.5, events: 2_000, rows: 20_000 }

/**
 * Measures each side once a round, in turn, so that whatever else the machine does hits all of them alike; gives each
 * side's median. The first round is not counted.
 */
export async function interleave<Side extends string>(
  { rounds }: Scale,
  sides: Readonly<Record<Side, () => Promise<number>>>,
): Promise<Record<Side, number>> {
  const names = Object.keys(sides) as Side[]
  const measured = new Map(names.map((name) => [name, [] as number[]]))
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const figure = await sides[name]()
      if (round > 0) measured.get(name)?.push(figure)
    }
  }
  return Object.fromEntries([...measured].map(([name, figures]) => [name, quantile(figures, 0.5)])) as Record<
    Side,
    number
  >
}

/** The figure that so large a share of them does not exceed. */
export function quantile(figures: readonly number[], share: number): number {
  const ordered = figures.toSorted((a, b) => a - b)
  return ordered[Math.min(ordered.length - 1, Math.floor(ordered.length * share))] ?? Number.NaN
}

/** How often in a second something that counts its work got through it. */
export async function perSecond(work: () => Promise<number>): Promise<number> {
  const since = performance.now()
  const done = await work()
  return (done * 1_000) / (performance.now() - since)
}
