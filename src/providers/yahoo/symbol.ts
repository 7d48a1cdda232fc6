import { canonicalSymbol } from '../../lib/symbol.ts'

const CLASS_SHARE = /^([A-Z]{1,5})\.([A-CK])$/
const PAIR = /^([A-Z]{3})([A-Z]{3})$/
/** Quoted as pairs like currencies, and missing in the list of currencies in use: offshore renminbi and the metals. */
const MORE_CURRENCIES = ['CNH', 'XAG', 'XAU', 'XPD', 'XPT']
const CURRENCIES: ReadonlySet<string> = new Set([...Intl.supportedValuesOf('currency'), ...MORE_CURRENCIES])

/** Yahoo's spelling of a canonical symbol: `BRK.B` is `BRK-B`, `EURUSD` is `EURUSD=X`, everything else is as it is. */
export function yahooSymbol(symbol: string): string {
  const [, base = '', counter = ''] = PAIR.exec(symbol) ?? []
  if (CURRENCIES.has(base) && CURRENCIES.has(counter)) return `${symbol}=X`
  return symbol.replace(CLASS_SHARE, '$1-$2')
}

/** The canonical symbol of Yahoo's spelling; undefined for what can be none of ours. */
export function symbolFromYahoo(text: unknown): string | undefined {
  try {
    return typeof text === 'string' ? canonicalSymbol(text) : undefined
  } catch {
    return undefined
  }
}
