import { decimalFromUnits, type Decimal } from '../../lib/decimal.ts'
import { compareInstants, type Instant } from '../../lib/instant.ts'

/** A price that goes into a mean. */
export type MeanInput = { readonly eventTime: Instant; readonly price: Decimal }

/** The mean of the newest n prices of a series, from their sum, which is kept exact from one price to the next. */
export type RunningMean = {
  /**
   * Adds a price that is newer than all others.
   * @returns the mean up to it; null while there are fewer than n prices; undefined, and nothing is added, if it is not newer
   */
  add(input: MeanInput): Decimal | null | undefined
  /** The time of the oldest of the n prices. */
  oldest(): Instant | undefined
}

/** A price as a whole number of units of 10^-scale. */
type Input = { readonly eventTime: Instant; readonly units: bigint; readonly scale: number }

/**
 * Adding and dividing whole numbers loses nothing. `verify` and the statement that recomputes averages have the same rule, and
 * share no code with this.
 */
export function createRunningMean(window: number): RunningMean {
  const meanOf = createDivision(window)
  const inputs: Input[] = []
  /** In units of 10^-scale; the scale is the largest of the inputs, as the rounding wants it. */
  let [sum, scale] = [0n, 0]

  const rescale = (next: number) => {
    sum = next > scale ? sum * power(next - scale) : sum / power(scale - next)
    scale = next
  }
  const removeOldest = () => {
    const removed = inputs.shift()
    if (removed === undefined) return
    sum -= removed.units * power(scale - removed.scale)
    const isStillLargest = removed.scale < scale || inputs.some((input) => input.scale === scale)
    if (!isStillLargest) rescale(Math.max(0, ...inputs.map((input) => input.scale)))
  }

  return {
    add: ({ eventTime, price }) => {
      const newest = inputs.at(-1)
      if (newest && compareInstants(newest.eventTime, eventTime) >= 0) return undefined
      const input = toInput(eventTime, price)
      if (inputs.length === window) removeOldest()
      if (input.scale > scale) rescale(input.scale)
      sum += input.units * power(scale - input.scale)
      inputs.push(input)
      return inputs.length === window ? meanOf(sum, scale) : null
    },
    oldest: () => inputs[0]?.eventTime,
  }
}

/** Not by the functions of `lib/decimal`, which read any number of digits after the point: this runs for every price. */
function toInput(eventTime: Instant, price: Decimal): Input {
  const point = price.indexOf('.')
  if (point < 0) return { eventTime, units: BigInt(price), scale: 0 }
  return { eventTime, units: BigInt(price.slice(0, point) + price.slice(point + 1)), scale: price.length - point - 1 }
}

/** A mean with infinitely many decimals gets at least this many, or this many more than the most precise price. */
const LEAST_DECIMALS = 12
const MORE_DECIMALS = 6

/**
 * Divides sums by n. A mean with finitely many decimals is written in full, without trailing zeros; any other is rounded half
 * up once.
 */
function createDivision(window: number): (sum: bigint, scale: number) => Decimal {
  const count = BigInt(window)
  const { odd, share, places } = divisorOf(window)
  return (sum, scale) => {
    if (odd === 1n) return trimmed(sum * share, scale + places)
    if (sum % odd === 0n) return trimmed((sum / odd) * share, scale + places)
    const rounded = Math.max(LEAST_DECIMALS, scale + MORE_DECIMALS)
    return decimalFromUnits((2n * sum * power(rounded - scale) + count) / (2n * count), rounded)
  }
}

/** n as its part without the factors 2 and 5, and 1/rest of what remains as `share` units of 10^-places: 6 is 3, and 5 of 10^-1. */
function divisorOf(window: number): { readonly odd: bigint; readonly share: bigint; readonly places: number } {
  let odd = window
  while (odd % 2 === 0) odd /= 2
  while (odd % 5 === 0) odd /= 5
  const rest = BigInt(window / odd)
  let places = 0
  while (power(places) % rest !== 0n) places += 1
  return { odd: BigInt(odd), share: power(places) / rest, places }
}

function trimmed(units: bigint, scale: number): Decimal {
  const text = decimalFromUnits(units, scale)
  let end = scale === 0 ? 0 : text.length
  if (end === 0) return text
  while (text[end - 1] === '0') end -= 1
  return text.slice(0, text[end - 1] === '.' ? end - 1 : end) as Decimal
}

/** The powers of ten that prices need, since computing one takes longer than the addition itself. */
const POWERS = Array.from({ length: 64 }, (_, exponent) => 10n ** BigInt(exponent))

function power(exponent: number): bigint {
  return POWERS[exponent] ?? 10n ** BigInt(exponent)
}
