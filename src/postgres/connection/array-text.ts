import type { Decimal } from '../../lib/decimal.ts'
import type { Instant } from '../../lib/instant.ts'
import type { MarketState } from '../../core/prices/quote.ts'

/** Never empty, and without anything that an array's text would quote. */
export type Plain = Decimal | Instant | MarketState | number | boolean | null | undefined

/** An array as the text of a parameter. pg would look in each element for what needs quotes: much, where there are hundreds. */
export function arrayText(values: readonly Plain[]): string {
  return `{${values.map((value) => value ?? 'NULL').join(',')}}`
}

/** The same of ids, which PostgreSQL made. */
export function idsText(ids: readonly string[]): string {
  return `{${ids.join(',')}}`
}
