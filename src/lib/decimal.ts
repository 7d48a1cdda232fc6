declare const decimalBrand: unique symbol
/** An exact decimal number as plain text: no exponent, no plus sign, no leading zeros; trailing zeros are kept. */
export type Decimal = string & { readonly [decimalBrand]: true }

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/
/** A larger exponent is an attack: `1e999999999` would expand to a gigabyte of text. */
const MAX_EXPONENT = 100

/** A number's source text with its exponent expanded (`1.5e-7` becomes `0.00000015`); undefined if it is not a number. */
export function parseDecimal(source: string): Decimal | undefined {
  const match = NUMBER.exec(source)
  if (!match) return undefined
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match
  if (source.length > 400 || Math.abs(Number(exponent)) > MAX_EXPONENT) return undefined
  return `${sign}${shiftPoint(whole, fraction, Number(exponent))}` as Decimal
}

/** The number of significant digits: without sign, point and leading zeros. */
export function digitCount(decimal: Decimal): number {
  return decimal.replace(/^-?0*\.?0*/, '').replace('.', '').length
}

/** The decimal as a whole number of units of 10^-scale; digits beyond the scale are cut off. */
export function scaledInteger(decimal: Decimal, scale: number): bigint {
  const [whole = '0', fraction = ''] = decimal.split('.')
  return BigInt(whole + fraction.padEnd(scale, '0').slice(0, scale))
}

/** A whole number of units of 10^-scale as a decimal with `scale` digits behind the point. Reverses `scaledInteger`. */
export function decimalFromUnits(units: bigint, scale: number): Decimal {
  const sign = units < 0n ? '-' : ''
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, '0')
  const whole = digits.slice(0, digits.length - scale)
  return (scale === 0 ? sign + whole : `${sign}${whole}.${digits.slice(-scale)}`) as Decimal
}

/** Digits behind the point. */
export function scaleOf(decimal: Decimal): number {
  return decimal.split('.')[1]?.length ?? 0
}

/** Negative, zero or positive, exactly. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  const scale = Math.max(scaleOf(a), scaleOf(b))
  const difference = scaledInteger(a, scale) - scaledInteger(b, scale)
  return difference < 0n ? -1 : Number(difference > 0n)
}

/** Units of 10^-scale as a decimal: the reverse of `scaledInteger`. */
function decimalOf(units: bigint, scale: number): Decimal {
  const sign = units < 0n ? '-' : ''
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, '0')
  const whole = digits.slice(0, digits.length - scale)
  return (scale === 0 ? sign + whole : `${sign}${whole}.${digits.slice(-scale)}`) as Decimal
}

/** The difference, exactly. */
export function subtractDecimals(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(scaleOf(a), scaleOf(b))
  return decimalOf(scaledInteger(a, scale) - scaledInteger(b, scale), scale)
}

/** A part in percent of a whole, rounded half away from zero; undefined if the whole is not positive. */
export function percentOf(part: Decimal, whole: Decimal, decimals: number): Decimal | undefined {
  const scale = Math.max(scaleOf(part), scaleOf(whole))
  const divisor = scaledInteger(whole, scale)
  if (divisor <= 0n) return undefined
  const dividend = scaledInteger(part, scale)
  const magnitude = dividend < 0n ? -dividend : dividend
  const rounded = (2n * magnitude * 100n * 10n ** BigInt(decimals) + divisor) / (2n * divisor)
  return decimalOf(dividend < 0n ? -rounded : rounded, decimals)
}

function shiftPoint(whole: string, fraction: string, by: number): string {
  const digits = whole + fraction
  const point = whole.length + by
  const padded = point < 0 ? '0'.repeat(-point) + digits : digits.padEnd(point, '0')
  const at = Math.max(point, 0)
  const head = padded.slice(0, at).replace(/^0+(?=\d)/, '') || '0'
  const tail = padded.slice(at)
  return tail === '' ? head : `${head}.${tail}`
}
