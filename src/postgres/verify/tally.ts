import type { Difference, Verification } from '../../core/health/verification.ts'

type Count = 'checkedPrices' | 'checkedAverages' | 'otherParserVersion' | 'lagging'

/** The result so far: every difference is counted, the first hundred are listed. */
export type Tally = {
  count(what: Count, by?: number): void
  /** @param describe is called only if the difference is listed */
  differ(describe: () => Promise<Difference> | Difference): Promise<void>
}

const LISTED = 100

export function createTally(): Tally & { result(): Verification } {
  const counts = { checkedPrices: 0, checkedAverages: 0, otherParserVersion: 0, lagging: 0 }
  const differences: Difference[] = []
  let differenceCount = 0
  return {
    count: (what, by = 1) => {
      counts[what] += by
    },
    differ: async (describe) => {
      differenceCount += 1
      if (differenceCount <= LISTED) differences.push(await describe())
    },
    result: () => ({ ...counts, differences, differenceCount }),
  }
}
