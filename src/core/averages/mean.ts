import { decimalFromUnits, scaledInteger, scaleOf, type Decimal } from '../../lib/decimal.ts'

/** Where a mean never ends: at least so many decimals, or so many more than its longest price has. */
const LEAST_PLACES = 12
const MORE_PLACES = 6

/**
 * The mean of some prices, exactly: a mean that ends is written in full, without trailing zeros; any other is rounded half
 * up once. `verify` compares the averages, which PostgreSQL computes, with this: the two share nothing but the rule.
 */
export function exactMean(prices: readonly Decimal[]): Decimal {
  const scale = Math.max(...prices.map(scaleOf))
  const sum = prices.reduce((total, price) => total + scaledInteger(price, scale), 0n)
  const count = BigInt(prices.length)
  const shared = greatestCommonDivisor(sum, count)
  const decimals = decimalsOf(count / shared)
  if (decimals !== undefined) {
    const units = ((sum / shared) * 10n ** BigInt(decimals)) / (count / shared)
    return withoutTrailingZeros(decimalFromUnits(units, scale + decimals))
  }
  const rounded = Math.max(LEAST_PLACES, scale + MORE_PLACES)
  const units = (2n * sum * 10n ** BigInt(rounded - scale) + count) / (2n * count)
  return decimalFromUnits(units, rounded)
}

/** How many decimals 1/divisor has; undefined where they never end. */
function decimalsOf(divisor: bigint): number | undefined {
  let rest = divisor
  let decimals = 0
  while (rest % 10n === 0n) [rest, decimals] = [rest / 10n, decimals + 1]
  for (const factor of [2n, 5n]) {
    while (rest % factor === 0n) [rest, decimals] = [rest / factor, decimals + 1]
  }
  return rest === 1n ? decimals : undefined
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestCommonDivisor(b, a % b)
}

function withoutTrailingZeros(decimal: Decimal): Decimal {
  return (decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal) as Decimal
}
