import { parseArgs } from 'node:util'
import { ServiceError } from '../../errors.ts'
import { canonicalSymbol } from '../../lib/symbol.ts'
import { isPresetName, isRole, PRESET_NAMES, ROLES, type ColumnNames, type PresetName } from './presets.ts'
import { DELIMITERS, delimiterOf, type Delimiter } from './shape.ts'
import { parseClockTime } from './time.ts'
import { isZone } from './zone.ts'

/** How a file is to be read, as far as the user states it; the rest is recognised from its beginning. */
export type CsvOptions = {
  /** Of every line of a file without a column for it; canonical. */
  readonly symbol?: string
  readonly preset?: PresetName
  /** The columns of the file, by what they contain. */
  readonly columns?: ColumnNames
  /** The time zone of times that name none, as IANA names it. */
  readonly timezone?: string
  /** The time of day of a day alone, `16:00:00`. */
  readonly at?: string
  readonly delimiter?: Delimiter
  readonly decimalComma?: true
}

/** The same as the user types it. */
export type CsvOptionTexts = {
  readonly symbol?: string | undefined
  readonly preset?: string | undefined
  readonly columns?: string | undefined
  readonly timezone?: string | undefined
  readonly at?: string | undefined
  readonly delimiter?: string | undefined
  readonly decimalComma?: boolean | undefined
}

/** @throws ServiceError `invalid_request` that names every mistake */
export function readCsvOptions(texts: CsvOptionTexts): CsvOptions {
  const { symbol, preset, columns, timezone, at, delimiter, decimalComma } = texts
  const mistakes: string[] = []
  const read = <T>(text: string | undefined, parse: (text: string) => T | undefined, wanted: string): T | undefined => {
    const value = text === undefined ? undefined : parse(text)
    if (text !== undefined && value === undefined) mistakes.push(`${wanted}, not ${JSON.stringify(text)}`)
    return value
  }
  const options = {
    symbol: read(symbol, parseSymbol, '--symbol needs a symbol such as AAPL'),
    preset: read(
      preset,
      (name) => (isPresetName(name) ? name : undefined),
      `--preset needs ${PRESET_NAMES.join(', ')}`,
    ),
    columns: read(
      columns,
      parseColumns,
      `--columns needs pairs such as timestamp=Date,price=Close (of ${ROLES.join(', ')})`,
    ),
    timezone: read(
      timezone,
      (zone) => (isZone(zone) ? zone : undefined),
      '--timezone needs a zone such as America/New_York',
    ),
    at: read(at, parseClockTime, '--at needs a time of day such as 16:00'),
    delimiter: read(delimiter, delimiterOf, `--delimiter needs ${DELIMITERS.map(({ name }) => name).join(', ')}`),
    decimalComma: decimalComma === true ? (true as const) : undefined,
  }
  if (mistakes.length > 0) throw new ServiceError('invalid_request', `${mistakes.join('; ')}.`)
  return withoutUndefined(options)
}

const ARGUMENTS = {
  symbol: { type: 'string' },
  preset: { type: 'string' },
  columns: { type: 'string' },
  timezone: { type: 'string' },
  at: { type: 'string' },
  delimiter: { type: 'string' },
  'decimal-comma': { type: 'boolean' },
} as const

const TOKEN = /(?:[^\s"']|"[^"]*"|'[^']*')+/g

/** Reads the options as a command line has them: `--symbol AAPL --columns "price=Adj Close"`. @throws as `readCsvOptions` */
export function parseCsvOptions(text: string): CsvOptions {
  const args = (text.match(TOKEN) ?? []).map((token) => token.replaceAll(/"([^"]*)"|'([^']*)'/g, '$1$2'))
  try {
    const { 'decimal-comma': decimalComma, ...values } = parseArgs({ args, options: ARGUMENTS }).values
    return readCsvOptions({ ...values, decimalComma })
  } catch (error) {
    throw error instanceof ServiceError ? error : new ServiceError('invalid_request', (error as Error).message)
  }
}

/** Writes options so that `parseCsvOptions` reads the same; empty if there are none. */
export function formatCsvOptions({ columns, delimiter, decimalComma, ...texts }: CsvOptions): string {
  const pairs = Object.entries(columns ?? {}).map(([role, name]) => `${role}=${name}`)
  const values = {
    ...texts,
    columns: pairs.length > 0 ? pairs.join(',') : undefined,
    delimiter: DELIMITERS.find(({ character }) => character === delimiter)?.name,
  }
  const parts = Object.entries(values).flatMap(([name, value]) => (value ? [`--${name} ${quoted(value)}`] : []))
  return [...parts, ...(decimalComma ? ['--decimal-comma'] : [])].join(' ')
}

function quoted(value: string): string {
  if (/^[\w.,:=/^&+-]+$/.test(value)) return value
  return value.includes('"') ? `'${value}'` : `"${value}"`
}

function parseSymbol(text: string): string | undefined {
  try {
    return /[^\x20-\x7e]/.test(text) ? undefined : canonicalSymbol(text)
  } catch {
    return undefined
  }
}

/** Undefined unless all of it is pairs of a known content and a name. */
function parseColumns(text: string): ColumnNames | undefined {
  const pairs = text
    .split(',')
    .map((pair) => [pair.slice(0, pair.indexOf('=')).trim(), pair.slice(pair.indexOf('=') + 1)])
  const columns: ColumnNames = Object.fromEntries(pairs.map(([role = '', name = '']) => [role, name.trim()]))
  const isRead = pairs.every(([role = '', name = '']) => isRole(role) && /^[^"]*\S[^"]*$/.test(name))
  return isRead && pairs.length === Object.keys(columns).length ? columns : undefined
}

function withoutUndefined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(value).filter(([, one]) => one !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> }
}
