import { scaleOf, type Decimal } from '../../../src/lib/decimal.ts'

/** Enough for a bitcoin; what is smaller, or differs only behind them, gets more. */
const USUAL_DECIMALS = 8
/** Figures of the smallest price, and of the difference between the prices, that are shown at least. */
const FIGURES = 3

/** How many decimals an axis of these prices needs: as many as they have, unless the last ones tell nothing. */
export function decimalsOf(prices: readonly Decimal[]): number {
  const values = prices.map(Number)
  const [least, most] = [Math.min(...values), Math.max(...values)]
  const needed = Math.max(USUAL_DECIMALS, decimalsFor(least), decimalsFor(most - least))
  return Math.max(2, Math.min(needed, Math.max(0, ...prices.map(scaleOf))))
}

/** Decimals that show the first figures of a number. */
function decimalsFor(value: number): number {
  return value > 0 && Number.isFinite(value) ? FIGURES - 1 - Math.floor(Math.log10(value)) : 0
}
