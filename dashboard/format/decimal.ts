import type { Decimal } from '../../src/lib/decimal.ts'

/** With its sign, a plus included; the minus sign is as wide as the plus. */
export function signedText(decimal: Decimal): string {
  if (decimal.startsWith('-')) return `−${decimal.slice(1)}`
  return /[1-9]/.test(decimal) ? `+${decimal}` : decimal
}

/** The direction of a change, from its sign. */
export function directionOf(change: Decimal | undefined): 'up' | 'down' | 'flat' {
  if (change === undefined || !/[1-9]/.test(change)) return 'flat'
  return change.startsWith('-') ? 'down' : 'up'
}
