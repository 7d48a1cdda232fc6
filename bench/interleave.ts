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

export const FULL: Scale = { rounds: 3, seconds: 4, events: 100_000, rows: 20_000_000 }
export const QUICK: Scale = { rounds: 1, seconds: 0.5, events: 2_000, rows: 20_000 }

/**
 * Measures each side once per round, in turn, so that other activity on the machine affects all sides alike.
 * @returns the median of each side; the first round does not count
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

/** The figure that a share of the figures (0 to 1) does not exceed. */
export function quantile(figures: readonly number[], share: number): number {
  const ordered = figures.toSorted((a, b) => a - b)
  return ordered[Math.min(ordered.length - 1, Math.floor(ordered.length * share))] ?? Number.NaN
}

/** The rate of work that counts what it did. */
export async function perSecond(work: () => Promise<number>): Promise<number> {
  const since = performance.now()
  const done = await work()
  return (done * 1_000) / (performance.now() - since)
}
