import { canonicalSymbol } from '../../lib/symbol.ts'
import type { LocalQuote } from '../transport/local-reply.ts'
import type { Dialect } from './dialect.ts'
import type { Columns } from './header.ts'
import type { CsvOptions } from './options.ts'
import { presetOf } from './presets.ts'
import { readPrice } from './price.ts'
import type { Fields } from './reader.ts'
import { readTime, type Refusal, type TimeReading } from './time.ts'

/** A line with every required column. */
export type PricedRow = LocalQuote & { readonly price: string; readonly timestamp: string }

/** Reads the fields of a line: its price, or the reason why it is invalid. */
export type ReadRow = (fields: Fields) => PricedRow | Refusal

const CURRENCY = /^([A-Za-z]{3})?$/
/** In our own exports it is as a provider wrote it. */
const EXPORTED_CURRENCY = /^[!-~]{0,16}$/
const DAY_PERIODS: ReadonlySet<string> = new Set(['d', 'w', 'm'])

/** @param daysAreUtc whether a day alone is its start in UTC, as version 0.1.0 read it */
export function createReadRow(dialect: Dialect, options: CsvOptions, daysAreUtc: boolean): ReadRow {
  const { columns, decimalComma, symbol: given, preset } = dialect
  const currencies = preset === 'market-data' ? EXPORTED_CURRENCY : CURRENCY
  const reading = timeReading(dialect, options, daysAreUtc)
  return (fields) => {
    if (fields === undefined) return NOT_A_LINE
    const time = readTime(timeText(fields, columns), reading)
    if (typeof time !== 'string') return time
    const price = readPrice(fieldOf(fields, columns.price), decimalComma)
    if (typeof price !== 'string') return price
    const currency = fieldOf(fields, columns.currency)
    if (!currencies.test(currency))
      return { why: `not a currency of three letters: ${JSON.stringify(currency.slice(0, 60))}` }
    const symbol = readSymbol(given ?? fieldOf(fields, columns.symbol))
    return typeof symbol === 'string' ? { symbol, price, timestamp: time, currency: currency || null } : symbol
  }
}

const NOT_A_LINE: Refusal = { why: 'not a CSV line with as many fields as the header' }

function timeReading({ preset }: Dialect, { timezone, at }: CsvOptions, daysAreUtc: boolean): TimeReading {
  const { hasDays = false, hasZoneNames = false } = preset === undefined ? {} : presetOf(preset)
  return { timezone, at, hasDays, hasZoneNames, daysAreUtc }
}

/** The first column of a period has the day alone. */
function timeText(fields: readonly string[], { timestamp, period }: Columns): string {
  const isDay = DAY_PERIODS.has(fieldOf(fields, period).toLowerCase())
  return isDay ? fieldOf(fields, timestamp.slice(0, 1)) : fieldOf(fields, timestamp)
}

/** Of the line, without the spaces around it; of several columns with a space between them. */
export function fieldOf(fields: readonly string[], columns: readonly number[]): string {
  if (columns.length === 1) return fields[columns[0] ?? -1] ?? ''
  return columns
    .map((column) => fields[column] ?? '')
    .join(' ')
    .trim()
}

/** Checked before letters are made capital: `ß` would become SS, and a long s an S. */
function readSymbol(text: string): string | Refusal {
  try {
    if (!/[^\x20-\x7e]/.test(text)) return canonicalSymbol(text)
  } catch {
    // Refused below.
  }
  return { why: `not a symbol: ${JSON.stringify(text.slice(0, 60))}` }
}
