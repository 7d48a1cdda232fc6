/** A number as the service wrote it. Prices stay text from the wire to the screen: floats would lose their last digits. */
export type Decimal = string

const DECIMALS = /"(price|average|change|change_percent|previous_close)":(-?\d[\d.eE+-]*)/g

/**
 * Reads an answer and keeps the text of its prices. They are put in quotes before the parser sees them, which every
 * browser can do, and ten times faster than with a reviver. Inside a string of JSON the pattern cannot occur: there the
 * quotes are escaped.
 */
export function parseAnswer(text: string): unknown {
  return JSON.parse(text.replace(DECIMALS, '"$1":"$2"'))
}

/** How many digits are behind the point. */
export function scaleOf(decimal: Decimal): number {
  return decimal.split('.')[1]?.length ?? 0
}

/** The difference, exactly. */
export function subtract(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(scaleOf(a), scaleOf(b))
  return decimalText(units(a, scale) - units(b, scale), scale)
}

/** How many percent of the whole, to two decimals; undefined where the whole is nothing. */
export function percent(part: Decimal, whole: Decimal): Decimal | undefined {
  const scale = Math.max(scaleOf(part), scaleOf(whole))
  const divisor = units(whole, scale)
  if (divisor <= 0n) return undefined
  const dividend = units(part, scale)
  const magnitude = dividend < 0n ? -dividend : dividend
  const hundredths = (magnitude * 20_000n + divisor) / (2n * divisor)
  return decimalText(dividend < 0n ? -hundredths : hundredths, 2)
}

/** With its sign, also where it is a plus; the minus is as wide as the plus. */
export function withSign(decimal: Decimal): string {
  if (decimal.startsWith('-')) return `−${decimal.slice(1)}`
  return /[1-9]/.test(decimal) ? `+${decimal}` : decimal
}

/** The sign alone: which way it went. */
export function directionOf(decimal: Decimal | undefined): 'up' | 'down' | 'flat' {
  if (decimal === undefined || !/[1-9]/.test(decimal)) return 'flat'
  return decimal.startsWith('-') ? 'down' : 'up'
}

function units(decimal: Decimal, scale: number): bigint {
  const [whole = '0', fraction = ''] = decimal.split('.')
  return BigInt(whole + fraction.padEnd(scale, '0'))
}

function decimalText(value: bigint, scale: number): Decimal {
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0')
  const sign = value < 0n ? '-' : ''
  const whole = digits.slice(0, digits.length - scale)
  return scale === 0 ? sign + whole : `${sign}${whole}.${digits.slice(-scale)}`
}
