import { ServiceError } from '../errors.ts'

/**
 * The pattern of a canonical symbol, without anchors. No character of it has a meaning in a path or a query, so no symbol
 * can change the address of a request to a provider.
 */
export const SYMBOL_PATTERN = '[A-Z0-9^][A-Z0-9.^=&-]{0,31}'
/** The same in either case, as people type it. */
export const ANY_CASE_SYMBOL_PATTERN = SYMBOL_PATTERN.replaceAll('A-Z', 'A-Za-z')

const SYMBOL = new RegExp(`^${SYMBOL_PATTERN}$`)
const CLASS_SHARE_WITH_DASH = /^([A-Z]{1,5})-([A-CK])$/
const YAHOO_PAIR = /^([A-Z]{3})?([A-Z]{3})=X$/

/**
 * The one spelling under which a symbol is stored: `AAPL`, `BRK.B`, `BTC-USD`, `EURUSD`. `brk-b` becomes `BRK.B`,
 * `EURUSD=X` becomes `EURUSD`, and Yahoo's short form `JPY=X` becomes `USDJPY`.
 * @throws ServiceError `invalid_request` for text that cannot be a symbol
 */
export function canonicalSymbol(text: string): string {
  const upper = text.trim().toUpperCase()
  if (!SYMBOL.test(upper)) {
    throw new ServiceError('invalid_request', `Not a symbol: ${JSON.stringify(text.slice(0, 40))}.`)
  }
  const pair = YAHOO_PAIR.exec(upper)
  if (pair) return `${pair[1] ?? 'USD'}${pair[2]}`
  return upper.replace(CLASS_SHARE_WITH_DASH, '$1.$2')
}
