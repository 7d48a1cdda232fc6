import { decimalFromUnits, scaledInteger, scaleOf, type Decimal } from '../../lib/decimal.ts'

/** A mean with infinitely many decimals gets at least this many, or this many more than the most precise price. */
const LEAST_DECIMALS = 12
const MORE_DECIMALS = 6

/**
 * The exact mean of some prices: a mean with finitely many decimals is written in full, without trailing zeros; any other
 * is rounded half up once. `verify` compares the stored averages with this: running sums and the SQL share only the rule with it.
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
  const rounded = Math.max(LEAST_DECIMALS, scale + MORE_DECIMALS)
  const units = (2n * sum * 10n ** BigInt(rounded - scale) + count) / (2n * count)
  return decimalFromUnits(units, rounded)
}

/** How many decimals 1/divisor has; undefined if infinitely many. */
function decimalsOf(divisor: bigint): number | undefined {
  const twos = multiplicity(2n, divisor)
  const fives = multiplicity(5n, divisor)
  const isFinite = 2n ** BigInt(twos) * 5n ** BigInt(fives) === divisor
  return isFinite ? Math.max(twos, fives) : undefined
}

/** How often the number can be divided by the factor. */
function multiplicity(factor: bigint, number: bigint): number {
  let times = 0
  for (let rest = number; rest % factor === 0n; rest /= factor) times += 1
  return times
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestCommonDivisor(b, a % b)
}

function withoutTrailingZeros(decimal: Decimal): Decimal {
  return (decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal) as Decimal
}
