import type { Decimal } from '../../lib/decimal.ts'
import type { Instant } from '../../lib/instant.ts'
import type { Affected } from '../log/entry.ts'
import type { LogPosition } from '../log/position.ts'

/** A stored price as a message names it: by the five members that any sender can provide. */
export type PriceReference = {
  readonly symbol: string
  readonly provider: string
  readonly eventTime: Instant
  readonly price: Decimal
  readonly rawResponseId: string
  /** Its position in the log, if the sender provides it: selects the currency. */
  readonly position?: LogPosition
}

/** `expired`: so old that retention may have deleted the price. Without a position, every currency of the symbol is affected. */
export type Resolution =
  | { readonly outcome: 'found'; readonly affected: readonly Affected[] }
  | { readonly outcome: 'expired' | 'unknown_series' | 'unknown_price' }

/** Finds the stored prices that are named; results are in the order of the references. */
export type FindPrices = (references: readonly PriceReference[]) => Promise<readonly Resolution[]>
