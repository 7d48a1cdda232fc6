import { canonicalSymbol, isCurrencyPair } from '../../lib/symbol.ts'

const CLASS_SHARE = /^([A-Z]{1,5})\.([A-CK])$/

/** Yahoo's spelling of a canonical symbol: `BRK.B` becomes `BRK-B`, `EURUSD` becomes `EURUSD=X`, others are unchanged. */
export function yahooSymbol(symbol: string): string {
  return isCurrencyPair(symbol) ? `${symbol}=X` : symbol.replace(CLASS_SHARE, '$1-$2')
}

/** The canonical symbol of Yahoo's spelling; undefined for a value that cannot be a symbol. */
export function symbolFromYahoo(text: unknown): string | undefined {
  try {
    return typeof text === 'string' ? canonicalSymbol(text) : undefined
  } catch {
    return undefined
  }
}
