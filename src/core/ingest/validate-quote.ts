import { ServiceError } from '../../errors.ts'
import { compareDecimals, digitCount, parseDecimal, type Decimal } from '../../lib/decimal.ts'
import { millisOf, type Instant } from '../../lib/instant.ts'
import type { Quote } from '../prices/quote.ts'

const SMALLEST = parseDecimal('1e-18') as Decimal
const BEYOND_LARGEST = parseDecimal('1e15') as Decimal
const MAX_DIGITS = 40
/** Clocks differ a little; a larger difference is a wrong time, for example milliseconds taken for seconds. */
const MAX_CLOCK_SKEW_MS = 2 * 60_000

/** Why a quote, of any source, is not accepted as a price; undefined if it is. */
export function validateQuote(quote: Quote, receivedAt: Instant): ServiceError | undefined {
  const wrong = wrongPrice(quote.price) ?? wrongTime(quote.eventTime, receivedAt)
  if (wrong === undefined) return undefined
  const { provider, symbol } = quote
  return new ServiceError('provider_bad_data', `${provider} sent ${wrong} for ${symbol}.`, { provider, symbol })
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
