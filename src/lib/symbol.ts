import { ServiceError } from '../errors.ts'

/** What a symbol may look like once it is upper case; also what keeps a symbol from reaching into a provider's URL. */
const SYMBOL_PATTERN = /^[A-Z0-9^][A-Z0-9.^=&-]{0,31}$/
const CLASS_SHARE_WITH_DASH = /^([A-Z]{1,5})-([A-CK])$/
const YAHOO_PAIR = /^([A-Z]{3})?([A-Z]{3})=X$/

/**
 * The one spelling under which a symbol is kept: `AAPL`, `BRK.B`, `BTC-USD`, `EURUSD`. Asking `brk-b` is asking `BRK.B`;
 * `EURUSD=X` is `EURUSD`, and Yahoo's short `JPY=X` is `USDJPY`.
 * @throws ServiceError `invalid_request` for what can be no symbol
 */
export function canonicalSymbol(text: string): string {
  const upper = text.trim().toUpperCase()
  if (!SYMBOL_PATTERN.test(upper)) {
    throw new ServiceError('invalid_request', `Not a symbol: ${JSON.stringify(text.slice(0, 40))}.`)
  }
  const pair = YAHOO_PAIR.exec(upper)
  if (pair) return `${pair[1] ?? 'USD'}${pair[2]}`
  return upper.replace(CLASS_SHARE_WITH_DASH, '$1.$2')
}
