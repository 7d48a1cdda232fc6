import { canonicalSymbol } from '../../lib/symbol.ts'

const CLASS_SHARE = /^([A-Z]{1,5})\.([A-CK])$/
const PAIR = /^([A-Z]{3})([A-Z]{3})$/
/** Quoted in pairs like currencies, but absent from the list of currencies in use: offshore renminbi and metals. */
const MORE_CURRENCIES = ['CNH', 'XAG', 'XAU', 'XPD', 'XPT']
const CURRENCIES: ReadonlySet<string> = new Set([...Intl.supportedValuesOf('currency'), ...MORE_CURRENCIES])

/** Yahoo's spelling of a canonical symbol: `BRK.B` becomes `BRK-B`, `EURUSD` becomes `EURUSD=X`, others are unchanged. */
export function yahooSymbol(symbol: string): string {
  const [, base = '', counter = ''] = PAIR.exec(symbol) ?? []
  if (CURRENCIES.has(base) && CURRENCIES.has(counter)) return `${symbol}=X`
  return symbol.replace(CLASS_SHARE, '$1-$2')
}

/** The canonical symbol of Yahoo's spelling; undefined for a value that cannot be a symbol. */
export function symbolFromYahoo(text: unknown): string | undefined {
  try {
    return typeof text === 'string' ? canonicalSymbol(text) : undefined
  } catch {
    return undefined
  }
}
