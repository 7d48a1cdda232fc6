import { ServiceError } from '../../errors.ts'
import { compareDecimals, digitCount, parseDecimal, type Decimal } from '../../lib/decimal.ts'
import { millisOf, type Instant } from '../../lib/instant.ts'
import type { Quote, QuoteResult } from '../prices/quote.ts'

const SMALLEST = parseDecimal('1e-18') as Decimal
const BEYOND_LARGEST = parseDecimal('1e15') as Decimal
const MAX_DIGITS = 40
/** Clocks differ a little; a larger difference is a wrong time, for example milliseconds taken for seconds. */
const MAX_CLOCK_SKEW_MS = 2 * 60_000

/** Longer than any feed's delay: a week. */
const MAX_DELAY_SECONDS = 604_800
/** As a provider spells a currency or a symbol: neither spaces nor characters that a database or a terminal cannot show. */
const CURRENCY = /^[!-~]{1,16}$/
const PROVIDER_SYMBOL = /^[!-~]{1,64}$/

/** Why a quote, of any source, is not accepted as a price; undefined if it is. */
export function validateQuote(quote: Quote, receivedAt: Instant): ServiceError | undefined {
  const wrong = wrongPrice(quote.price) ?? wrongTime(quote.eventTime, receivedAt) ?? wrongLabel(quote)
  return wrong === undefined ? undefined : badData(quote, wrong)
}

/**
 * The result with the rules of all sources applied: a quote that is not accepted becomes an error. A price outside the
 * session obeys the same rules as the price; one that breaks them is left out.
 */
export function validateResult(result: QuoteResult, receivedAt: Instant): QuoteResult {
  if ('error' in result) return result
  const { symbol, quote } = result
  const error = validateQuote(quote, receivedAt)
  if (error) return { symbol, error }
  const wrong = wrongExtended(quote, receivedAt)
  if (wrong !== undefined) {
    return { ...result, quote: { ...quote, extended: null }, leftOut: badData(quote, `${wrong} outside the session`) }
  }
  return result
}

function wrongExtended({ extended }: Quote, receivedAt: Instant): string | undefined {
  return extended === null ? undefined : (wrongPrice(extended.price) ?? wrongTime(extended.timestamp, receivedAt))
}

function badData({ provider, symbol }: Quote, what: string): ServiceError {
  return new ServiceError('provider_bad_data', `${provider} sent ${what} for ${symbol}.`, { provider, symbol })
}

function wrongLabel({ currency, delaySeconds, providerSymbol }: Quote): string | undefined {
  if (currency !== null && !CURRENCY.test(currency)) return 'a currency that is no code'
  if (!PROVIDER_SYMBOL.test(providerSymbol)) return 'a symbol with other characters'
  if (delaySeconds === null || isWithin(delaySeconds, MAX_DELAY_SECONDS)) return undefined
  return 'a delay that is no number of seconds up to a week'
}

function isWithin(value: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= max
}

/** From 1 to below 1e15 with at most 40 digits, as nearly every price: accepted by one comparison. */
const ORDINARY = /^[1-9]\d{0,14}(?:\.\d{1,25})?$/

/** What is wrong with a price, as a noun phrase; undefined if nothing is. */
export function wrongPrice(price: Decimal): string | undefined {
  if (ORDINARY.test(price)) return undefined
  if (parseDecimal(price) !== price) return 'a price that is not a number'
  if (digitCount(price) > MAX_DIGITS) return `a price of more than ${MAX_DIGITS} digits`
  if (compareDecimals(price, SMALLEST) < 0) return 'a price that is zero, negative or below 1e-18'
  return compareDecimals(price, BEYOND_LARGEST) < 0 ? undefined : 'a price of 1e15 or more'
}

function wrongTime(eventTime: Instant, receivedAt: Instant): string | undefined {
  const aheadMs = millisOf(eventTime) - millisOf(receivedAt)
  if (Number.isNaN(aheadMs)) return 'an invalid time'
  return aheadMs > MAX_CLOCK_SKEW_MS ? 'a time in the future' : undefined
}
