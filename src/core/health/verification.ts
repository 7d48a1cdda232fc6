import type { Decimal } from '../../lib/decimal.ts'
import type { Instant } from '../../lib/instant.ts'

/** A number that is wrong; null is a number that is missing, or must not exist. */
export type Difference = {
  readonly kind: 'price' | 'average'
  readonly provider: string
  readonly symbol: string
  readonly currency: string | null
  readonly timestamp: Instant
  /** Only of an average. */
  readonly window?: number
  readonly stored: Decimal | null
  readonly expected: Decimal | null
  readonly reason: string
}

/** What `verify` found. */
export type Verification = {
  /** Prices compared with the reply that they came from. */
  readonly checkedPrices: number
  readonly checkedAverages: number
  /** Prices whose reply was parsed by another version of the parser: they cannot be checked. */
  readonly otherParserVersion: number
  /** Averages that are not up to date yet, which is not an error. */
  readonly lagging: number
  /** The first hundred. */
  readonly differences: readonly Difference[]
  readonly differenceCount: number
}

/** Computes every stored number again from the raw replies, and compares. */
export type Verify = (signal: AbortSignal) => Promise<Verification>
