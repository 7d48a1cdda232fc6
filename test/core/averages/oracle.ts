/** A fraction: an average before it is written as a decimal. */
type Rational = { readonly top: bigint; readonly bottom: bigint }

/**
 * The expected averages, by school arithmetic and without the service's code: for each minute, in order, from the n-th on,
 * the mean of the last n prices, as `[minute, text]`.
 */
export function expectedAverages(prices: ReadonlyMap<number, string>, window: number): [number, string][] {
  const sorted = [...prices].toSorted(([a], [b]) => a - b)
  return sorted.flatMap(([minute], index): [number, string][] => {
    if (index + 1 < window) return []
    const inputs = sorted.slice(index + 1 - window, index + 1).map(([, price]) => price)
    return [[minute, writeMean(inputs)]]
  })
}

function writeMean(inputs: readonly string[]): string {
  const sum = inputs.map(toRational).reduce((a, b) => ({
    top: a.top * b.bottom + b.top * a.bottom,
    bottom: a.bottom * b.bottom,
  }))
  const mean = lowestTerms({ top: sum.top, bottom: sum.bottom * BigInt(inputs.length) })
  const digits = endsAfter(mean.bottom)
  if (digits !== undefined) return writeFraction(mean, digits)
  const places = Math.max(12, Math.max(...inputs.map((input) => (input.split('.')[1] ?? '').length)) + 6)
  const half = { top: mean.top * 2n * 10n ** BigInt(places) + mean.bottom, bottom: mean.bottom * 2n }
  return writeFraction({ top: half.top / half.bottom, bottom: 10n ** BigInt(places) }, places)
}

function toRational(text: string): Rational {
  const [whole = '', fraction = ''] = text.split('.')
  return { top: BigInt(whole + fraction), bottom: 10n ** BigInt(fraction.length) }
}

function lowestTerms({ top, bottom }: Rational): Rational {
  let [a, b] = [top, bottom]
  while (b !== 0n) [a, b] = [b, a % b]
  return { top: top / a, bottom: bottom / a }
}

/** The number of decimals of a fraction in lowest terms, by trying; undefined if infinite. */
function endsAfter(bottom: bigint): number | undefined {
  let rest = bottom
  while (rest % 2n === 0n) rest /= 2n
  while (rest % 5n === 0n) rest /= 5n
  if (rest !== 1n) return undefined
  let places = 0
  while (10n ** BigInt(places) % bottom !== 0n) places += 1
  return places
}

function writeFraction({ top, bottom }: Rational, places: number): string {
  const whole = top / bottom
  if (places === 0) return String(whole)
  const rest = ((top % bottom) * 10n ** BigInt(places)) / bottom
  return `${whole}.${String(rest).padStart(places, '0')}`
}
