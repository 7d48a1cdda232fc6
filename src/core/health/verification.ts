import type { Decimal } from '../../lib/decimal.ts'
import type { Instant } from '../../lib/instant.ts'

/** A number that is not what it must be; null is a number that is not there, or must not be. */
export type Difference = {
  readonly kind: 'price' | 'average'
  readonly provider: string
  readonly symbol: string
  readonly currency: string | null
  readonly timestamp: Instant
  /** Of an average. */
  readonly window?: number
  readonly stored: Decimal | null
  readonly expected: Decimal | null
  readonly reason: string
}

/** What `verify` found. */
export type Verification = {
  /** Prices compared with the reply that brought them. */
  readonly checkedPrices: number
  readonly checkedAverages: number
  /** Prices whose reply was read by another version of its parser: nothing can be said of them. */
  readonly otherParserVersion: number
  /** Averages that are not up to date yet, which is not wrong. */
  readonly lagging: number
  /** The first hundred. */
  readonly differences: readonly Difference[]
  readonly differenceCount: number
}

/** Computes again, from the raw replies on, every number that is kept, and compares. */
export type Verify = (signal: AbortSignal) => Promise<Verification>
