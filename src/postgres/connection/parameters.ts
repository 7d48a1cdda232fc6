import type { HistoryRequest } from '../../core/prices/history.ts'
import type { MarketState } from '../../core/prices/quote.ts'
import type { Decimal } from '../../lib/decimal.ts'
import type { Instant } from '../../lib/instant.ts'

/** A value that is never empty, and that needs no quotes in the text of an array. */
export type Plain = Decimal | Instant | MarketState | number | boolean | null | undefined

/** An array as the text of a parameter. `pg` would check each element for characters to quote, which is slow for hundreds. */
export function arrayText(values: readonly Plain[]): string {
  return `{${values.map((value) => value ?? 'NULL').join(',')}}`
}

/** As `arrayText`, for ids that PostgreSQL assigned. */
export function idsText(ids: readonly string[]): string {
  return `{${ids.join(',')}}`
}

/** As `arrayText`, for texts with any character. */
export function textArray(values: readonly string[]): string {
  return `{${values.map((value) => `"${SPECIAL.test(value) ? value.replaceAll(SPECIALS, '\\$&') : value}"`).join(',')}}`
}

const SPECIAL = /[\\"]/
const SPECIALS = /[\\"]/g

type Range = Omit<HistoryRequest, 'order' | 'withSuperseded' | 'after'>

/** $1 to $6 of a statement that reads the rows of a symbol in a range of event times. */
export function rangeValues({ provider, symbol, currency, from, to, limit }: Range): (string | number | null)[] {
  return [provider, symbol, currency ?? null, from ?? '-infinity', to ?? 'infinity', limit]
}
