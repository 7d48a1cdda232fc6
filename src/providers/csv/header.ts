import type { CsvOptions } from './options.ts'
import { presetOf, recognisePreset, ROLES, type ColumnNames, type PresetName, type Role } from './presets.ts'

/** Where a file has what; more than one column for a value in parts, such as date and time. */
export type Columns = Readonly<Record<Role, readonly number[]>>

export type Header = {
  readonly columns: Columns
  readonly preset: PresetName | undefined
  /** Stated once for all lines. */
  readonly symbol: string | undefined
}

/** Why a header is not understood. */
export type Problem = { readonly why: string }

const OWN: ColumnNames = {
  symbol: 'symbol',
  timestamp: 'timestamp',
  price: 'price',
  currency: 'currency',
  provider: 'provider',
}
const NEEDED: readonly Role[] = ['symbol', 'timestamp', 'price']
/** Names that people use, for advice only: nothing is read by them. */
const USUAL: Readonly<Partial<Record<Role, readonly string[]>>> = {
  symbol: ['ticker', 'code', 'isin', 'instrument'],
  timestamp: ['datetime', 'date', 'time', 'datum', 'zeit'],
  price: ['close', 'last', 'current price', 'adj close', 'kurs', 'schlusskurs'],
}

/** Characters of a header in a message. */
const MAX_SHOWN = 400

/** What is known of a file besides its header. */
type Known = {
  readonly options: CsvOptions
  /** The symbol of a line of its own below the names, as yfinance writes it. */
  readonly ticker?: string | undefined
  /** Whether a name may not occur twice. Version 0.1.0 took the last of them. */
  readonly isStrict: boolean
}

/** Finds the columns by their names, whatever their case. */
export function readHeader(names: readonly string[], known: Known): Header | Problem {
  const { options, ticker, isStrict } = known
  const plain = names.map(plainName)
  const preset = presetIn(plain, known)
  const wanted = wantedNames(preset, plain, options)
  const columns = columnsOf(plain, wanted)
  const symbol = options.symbol ?? ticker
  const why =
    missing(names, wanted, { columns, options, hasSymbol: symbol !== undefined }) ??
    (isStrict ? twice(names, wanted, columns) : undefined) ??
    symbolTwice(options.symbol, ticker, columns)
  return why === undefined ? { columns, preset, symbol } : { why }
}

export function plainName(name: string): string {
  return name
    .replace(/^\uFEFF/, '')
    .trim()
    .toLowerCase()
}

/** The one preset `yfinance` is for files of days and of times; version 0.2.0 took a midnight in either for a day. */
function presetIn(plain: readonly string[], { options, ticker, isStrict }: Known): PresetName | undefined {
  const preset = options.preset ?? (ticker === undefined ? recognisePreset(plain) : 'yfinance')
  return isStrict && isIntraday(preset, plain) ? 'yfinance-intraday' : preset
}

function isIntraday(preset: PresetName | undefined, plain: readonly string[]): boolean {
  return preset === 'yfinance' && plain.includes('datetime')
}

function wantedNames(preset: PresetName | undefined, plain: readonly string[], options: CsvOptions): ColumnNames {
  const { columns } = preset === undefined ? { columns: {} } : presetOf(preset)
  return { ...OWN, ...columns, ...(isIntraday(preset, plain) ? { timestamp: 'Datetime' } : {}), ...options.columns }
}

function columnsOf(plain: readonly string[], wanted: ColumnNames): Columns {
  const find = (role: Role) => {
    const name = wanted[role]
    if (name === undefined) return []
    const parts = plain.includes(plainName(name)) ? [name] : name.split('+')
    const found = parts.map((part) => plain.lastIndexOf(plainName(part)))
    return found.includes(-1) ? [] : found
  }
  return {
    symbol: find('symbol'),
    timestamp: find('timestamp'),
    price: find('price'),
    currency: find('currency'),
    provider: find('provider'),
    period: find('period'),
    revision: find('revision'),
  }
}

type Found = { readonly columns: Columns; readonly options: CsvOptions; readonly hasSymbol: boolean }

function missing(names: readonly string[], wanted: ColumnNames, found: Found): string | undefined {
  const { columns, options, hasSymbol } = found
  const needed = NEEDED.filter((role) => role !== 'symbol' || !hasSymbol)
  const stated = ROLES.filter((role) => options.columns?.[role] !== undefined)
  const roles = [...new Set([...needed, ...stated])].filter((role) => columns[role].length === 0)
  if (roles.length === 0) return undefined
  if (names.some((name) => /^[-+]?\d[\d.,:/TZ+ -]*$/.test(name.trim()))) {
    return 'there is no header: the first line needs the names of the columns, such as symbol,timestamp,price'
  }
  const lacks = roles.map((role) => (wanted[role] === role ? role : `${wanted[role]} (${role})`))
  return `the header has no ${lacks.join(' and no ')}. Found: ${foundText(names)}. ${advice(names, roles)}`
}

function foundText(names: readonly string[]): string {
  const text = names.map((name) => name.trim()).join(', ')
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)} …`
}

function advice(names: readonly string[], roles: readonly Role[]): string {
  const example: Readonly<Partial<Record<Role, string>>> = { symbol: 'Ticker', timestamp: 'Date', price: 'Close' }
  const pairs = roles.flatMap((role) => {
    const usual = names.find((name) => USUAL[role]?.includes(plainName(name)))
    if (role === 'symbol' && usual === undefined) return []
    return [`${role}=${usual?.trim() ?? example[role]}`]
  })
  const columns = pairs.length > 0 ? [`--columns ${quotedIfNeeded(pairs.join(','))}`] : []
  const symbol = roles.includes('symbol') ? ['--symbol AAPL if all lines have one symbol'] : []
  return `Wanted: symbol, timestamp, price, and optionally currency, provider. Use ${[...columns, ...symbol].join(', and ')}`
}

function quotedIfNeeded(text: string): string {
  return text.includes(' ') ? `"${text}"` : text
}

/** Two columns of one name: which of them is meant cannot be known. */
function twice(names: readonly string[], wanted: ColumnNames, columns: Columns): string | undefined {
  const plain = names.map(plainName)
  const mistakes = Object.values(columns)
    .flat()
    .flatMap((at) => {
      const same = names.flatMap((name, index) => (plain[index] === plain[at] ? [`${index + 1} (${name.trim()})`] : []))
      return same.length > 1 ? [`the header has the column ${plain[at]} twice: columns ${same.join(' and ')}`] : []
    })
  return mistakes.length > 0 ? [...new Set(mistakes)].join('; ') : undefined
}

function symbolTwice(given: string | undefined, ticker: string | undefined, { symbol }: Columns): string | undefined {
  if (given !== undefined && symbol.length > 0) return 'the header has a symbol: leave --symbol out'
  if (given === undefined || ticker === undefined || plainName(ticker) === plainName(given)) return undefined
  return `the header says ${ticker}, and --symbol says ${given}`
}
