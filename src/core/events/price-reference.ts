import type { Decimal } from '../../lib/decimal.ts'
import type { Instant } from '../../lib/instant.ts'
import type { Affected } from '../log/entry.ts'
import type { LogPosition } from '../log/position.ts'

/** A stored price as a message names it: by the five members that everybody may send. */
export type PriceReference = {
  readonly symbol: string
  readonly provider: string
  readonly eventTime: Instant
  readonly price: Decimal
  readonly rawResponseId: string
  /** Where it stands in the log, where the sender said so: picks the currency. */
  readonly position?: LogPosition
}

/** `expired`: so old that its price may have been thrown away. Without a position, every currency of the symbol is touched. */
export type Resolution =
  | { readonly outcome: 'found'; readonly affected: readonly Affected[] }
  | { readonly outcome: 'expired' | 'unknown_series' | 'unknown_price' }

/** Finds the stored prices that are named; answers come back in the order asked. */
export type FindPrices = (references: readonly PriceReference[]) => Promise<readonly Resolution[]>
