import { wrongPrice } from '../../core/ingest/validate-quote.ts'
import { compareDecimals, parseDecimal, type Decimal } from '../../lib/decimal.ts'
import type { Refusal } from './time.ts'

const ZERO = '0' as Decimal
const SPACES = "[' \\u00a0\\u202f\\u2019]"
const EXPONENT = '(?:[eE][+-]?\\d+)?'

/** A number with this mark before its fraction, whose thousands may be grouped. */
function numberWith(mark: string, group: string): RegExp {
  const grouped = `\\d{1,3}(?:(?:${group}\\d{3})+|(?:${SPACES}\\d{3})+)`
  return new RegExp(`^[+-]?(?:${grouped}|\\d+)?(?:${mark}\\d*)?${EXPONENT}$`)
}

const WITH_POINT = numberWith('\\.', ',')
const WITH_COMMA = numberWith(',', '\\.')
/** `1,234` is a thousand and more to some, and little more than one to others. */
const [ONE_COMMA, ONE_POINT] = [/^[+-]?\d{1,3},\d{3}$/, /^[+-]?\d{1,3}\.\d{3}$/]
const SURELY_COMMA =
  /^[+-]?(?:(?:\d+|\d{1,3}(?:[. ]\d{3})+),(?:\d{1,2}|\d{4,})|(?:0|\d{4,}),\d+|\d{1,3}(?:\.\d{3})+,\d+)$/
const SURELY_POINT = /^[+-]?(?:[\d,]*\.(?:\d{1,2}|\d{4,})|(?:0|\d{4,})\.\d+|\d{1,3}(?:,\d{3})+\.\d+)$/

/** The exact number that a text means, or why it is no price. A mark that could mean either is refused. */
export function readPrice(text: string, decimalComma: boolean): Decimal | Refusal {
  const plain = decimalComma ? plainFromComma(text) : plainFromPoint(text)
  if (typeof plain !== 'string') return plain
  const decimal = parseDecimal(plain)
  if (decimal === undefined) return { why: `not a price: ${JSON.stringify(text.slice(0, 60))}` }
  return refusalOf(text, decimal) ?? decimal
}

/** Whether prices surely have a decimal comma: some do, and none has a decimal point. */
export function recogniseDecimalComma(prices: readonly string[]): boolean {
  return prices.some((price) => SURELY_COMMA.test(price)) && !prices.some((price) => SURELY_POINT.test(price))
}

const PLAIN = /^\d+(?:\.\d+)?$/

function plainFromPoint(text: string): string | Refusal {
  if (PLAIN.test(text)) return text
  if (ONE_COMMA.test(text)) return refuseEither(text, ',', 'if it is a decimal comma, use --decimal-comma')
  if (WITH_POINT.test(text)) return tidied(text.replaceAll(/[,' \u00a0\u202f\u2019]/g, ''))
  if (!WITH_COMMA.test(text)) return ''
  return { why: `not a price: ${JSON.stringify(text)} (if it has a decimal comma, use --decimal-comma)` }
}

function plainFromComma(text: string): string | Refusal {
  if (ONE_POINT.test(text)) return refuseEither(text, '.', 'in a file with decimal commas')
  if (!WITH_COMMA.test(text)) return ''
  return tidied(text.replaceAll(/[.' \u00a0\u202f\u2019]/g, '').replace(',', '.'))
}

function refuseEither(text: string, mark: string, hint: string): Refusal {
  const [whole = '', thousands = ''] = text.split(mark)
  return {
    why: `not a price: ${JSON.stringify(text)} could be ${whole}.${thousands} or ${whole}${thousands} (${hint})`,
  }
}

/** `.45`, `45.` and `+45` as everybody else writes them. */
function tidied(text: string): string {
  return text
    .replace(/^\+/, '')
    .replace(/^(-?)\./, '$10.')
    .replace(/\.(?=[eE]|$)/, '')
}

function refusalOf(text: string, price: Decimal): Refusal | undefined {
  const wrong = wrongPrice(price)
  if (wrong === undefined) return undefined
  if (compareDecimals(price, ZERO) <= 0) return { why: `price ${text} is not above zero` }
  return { why: `price ${text.slice(0, 60)} cannot be stored: it is ${wrong}` }
}
