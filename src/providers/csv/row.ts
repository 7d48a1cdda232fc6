import { parseDecimal } from '../../lib/decimal.ts'
import { parseDayOrInstant } from '../../lib/instant.ts'
import { canonicalSymbol } from '../../lib/symbol.ts'
import type { LocalQuote } from '../transport/local-reply.ts'

/** The columns of one line, by their names in the header. */
export type CsvRow = Readonly<Record<string, string>>

/** A line with every required column. */
export type PricedRow = LocalQuote & { readonly price: string; readonly timestamp: string }

const CURRENCY = /^([A-Za-z]{3})?$/

/** The quote of a line `symbol,timestamp,price[,currency]`, or the reason why it is invalid. A day alone is its start in UTC. */
export function readCsvRow({ symbol = '', timestamp = '', price = '', currency = '' }: CsvRow): PricedRow | string {
  const time = parseDayOrInstant(timestamp)
  const decimal = parseDecimal(price)
  if (!time) return `not a time: ${JSON.stringify(timestamp)}`
  if (!decimal) return `not a price: ${JSON.stringify(price)}`
  if (!CURRENCY.test(currency)) return `not a currency of three letters: ${JSON.stringify(currency)}`
  try {
    return { symbol: canonicalSymbol(symbol), price: decimal, timestamp: time, currency: currency || null }
  } catch {
    return `not a symbol: ${JSON.stringify(symbol)}`
  }
}
