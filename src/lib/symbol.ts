import { ServiceError } from '../errors.ts'

/** Without anchors. No character of it has a meaning in a path or a query: it cannot change the address of a request. */
const PLAIN = '[A-Z0-9^][A-Z0-9.^=&_-]{0,31}'
/** Yahoo's pairs with a currency of small units. Only here the case counts: `USDGBp=X` is pence, `USDGBP=X` pounds. */
const MINOR_PAIR = '(?:[A-Z]{3})?(?:GBp|ZAc)=X|(?:GBp|ZAc)[A-Z]{3}=X'

/** The pattern of a canonical symbol, without anchors. */
export const SYMBOL_PATTERN = `(?:${MINOR_PAIR}|${PLAIN})`
/** The same in either case, as people type it. */
export const ANY_CASE_SYMBOL_PATTERN = PLAIN.replaceAll('A-Z', 'A-Za-z')

const TYPED = new RegExp(`^${ANY_CASE_SYMBOL_PATTERN}$`)
const WITH_CASE = new RegExp(`^(?:${MINOR_PAIR})$`)
const CLASS_SHARE_WITH_DASH = /^([A-Z]{1,5})-([A-CK])$/
const YAHOO_PAIR = /^([A-Z]{3})?([A-Z]{3})=X$/
const PAIR = /^([A-Z]{3})([A-Z]{3})$/
/** Quoted in pairs like currencies, but absent from the list of currencies in use: offshore renminbi and metals. */
const MORE_CURRENCIES = ['CNH', 'XAG', 'XAU', 'XPD', 'XPT']
const CURRENCIES: ReadonlySet<string> = new Set([...Intl.supportedValuesOf('currency'), ...MORE_CURRENCIES])

/**
 * The one spelling under which a symbol is stored: `AAPL`, `BRK.B`, `BTC-USD`, `EURUSD`. `brk-b` becomes `BRK.B`,
 * `EURUSD=X` becomes `EURUSD`, and Yahoo's short form `JPY=X` becomes `USDJPY`. Two spellings that a provider tells apart
 * never become one symbol: `=X` is cut only from a pair of currencies, to which it is added again.
 * @throws ServiceError `invalid_request` for text that cannot be a symbol, with what may have been meant
 */
export function canonicalSymbol(text: string): string {
  const typed = text.trim()
  // Checked as typed: capitals of other letters could become a symbol (`ß` is `SS`).
  if (!TYPED.test(typed)) throw new ServiceError('invalid_request', notASymbol(text))
  if (isSpelledWithCase(typed)) return typed
  const upper = typed.toUpperCase()
  const [, base = 'USD', counter = ''] = YAHOO_PAIR.exec(upper) ?? []
  if (isCurrencyPair(base + counter)) return base + counter
  return upper.replace(CLASS_SHARE_WITH_DASH, '$1.$2')
}

/** Whether it is one of the few symbols with small letters, which mean something: `USDGBp=X`. */
export function isSpelledWithCase(symbol: string): boolean {
  return WITH_CASE.test(symbol)
}

/** Whether a symbol is two currencies: `EURUSD`. */
export function isCurrencyPair(symbol: string): boolean {
  const [, base = '', counter = ''] = PAIR.exec(symbol) ?? []
  return CURRENCIES.has(base) && CURRENCIES.has(counter)
}

function notASymbol(text: string): string {
  const hint = symbolHint(text)
  return `Not a symbol: ${JSON.stringify(text.slice(0, 40))}${hint === undefined ? '' : `: ${hint}`}.`
}

/** Yahoo's suffixes of the exchanges that other vendors write before the symbol. American exchanges have none. */
const SUFFIXES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(['NASDAQ', 'NYSE', 'AMEX', 'ARCA', 'NYSEARCA', 'BATS', 'OTC'].map((name) => [name, ''])),
  LSE: '.L',
  LON: '.L',
  TSX: '.TO',
  TSXV: '.V',
  XETR: '.DE',
  ETR: '.DE',
  FWB: '.F',
  FRA: '.F',
  EPA: '.PA',
  AMS: '.AS',
  BIT: '.MI',
  MIL: '.MI',
  SWX: '.SW',
  ASX: '.AX',
  TSE: '.T',
  TYO: '.T',
  HKEX: '.HK',
  HKG: '.HK',
  NSE: '.NS',
  BSE: '.BO',
}

type Spelling = readonly [pattern: RegExp, hint: (...parts: string[]) => string]

/** Spellings of other vendors, with what to write instead. */
const OTHER_SPELLINGS: readonly Spelling[] = [
  [/^\$([A-Z0-9.^-]{1,31})$/, (symbol) => `write ${symbol}, without the dollar sign`],
  [/^([A-Z]{1,5})[/ ]([A-CK])$/, (company, share) => `Yahoo writes ${company}-${share}`],
  [/^([A-Z]{3})\/([A-Z]{3})$/, (base, counter) => `Yahoo writes ${pairOf(base ?? '', counter ?? '')}`],
  [/^([A-Z0-9]{1,10})\/([A-Z]{3})$/, (coin, currency) => `Yahoo writes ${coin}-${currency}`],
  [/^([A-Z]+):([A-Z0-9.^-]{1,28})$/, (exchange, symbol) => exchangeHint(exchange ?? '', symbol ?? '')],
  [/^([A-Z]{1,3})\d!$/, (future) => `Yahoo writes ${future}=F`],
]

/**
 * What may have been meant by text that is not a symbol, as the end of a sentence about it.
 * @returns undefined for a symbol
 */
export function symbolHint(text: string): string | undefined {
  const typed = text.trim()
  if (TYPED.test(typed)) return undefined
  const other = otherSpelling(typed)
  if (other !== undefined) return other
  if (/\s/.test(typed)) return 'a symbol has no spaces; find it with /symbols?q=…'
  return 'a symbol is up to 32 letters A to Z, digits and . ^ = & _ -; find it with /symbols?q=…'
}

/** What to write in place of another vendor's spelling; undefined if the text is none. */
export function otherSpelling(text: string): string | undefined {
  const upper = asciiUpper(text.trim())
  if (upper.length > 40) return undefined
  for (const [pattern, hint] of OTHER_SPELLINGS) {
    const match = pattern.exec(upper)
    if (match) return hint(...match.slice(1))
  }
  return undefined
}

/** Capitals of the letters A to Z; all others stay as they are. */
export function asciiUpper(text: string): string {
  return text.replaceAll(/[a-z]+/g, (letters) => letters.toUpperCase())
}

function pairOf(base: string, counter: string): string {
  return isCurrencyPair(base + counter) ? `${base}${counter}=X` : `${base}-${counter}`
}

function exchangeHint(exchange: string, symbol: string): string {
  const suffix = SUFFIXES[exchange]
  if (suffix === undefined) return `leave out ${exchange}:, and find the symbol with /symbols?q=${symbol}`
  return `Yahoo writes ${symbol}${suffix}`
}
