import { Type } from 'typebox'
import { ServiceError } from '../../errors.ts'
import { ANY_CASE_SYMBOL_PATTERN as SYMBOL, canonicalSymbol } from '../../lib/symbol.ts'
import { MAX_INSTANT_LENGTH, momentOf } from './validation/moment.ts'
import type { Mistake } from './validation/rules.ts'
import { symbolListMistakes, symbolMistakes } from './validation/symbol-mistakes.ts'

/** For requests: an unknown member is refused, never ignored. */
export const CLOSED = { additionalProperties: false }
/** For operations without query parameters. */
export const NoQuery = Type.Object({}, CLOSED)

/** In one request. */
export const MAX_SYMBOLS = 100

const ONE_SYMBOL = `^${SYMBOL}$`
const SYMBOLS = `^${SYMBOL}(,${SYMBOL}){0,${MAX_SYMBOLS - 1}}$`
const MAX_SHORT_LIST = 50
const SHORT_LIST = `^${SYMBOL}(,${SYMBOL}){0,${MAX_SHORT_LIST - 1}}$`
const CURRENCY = '^[A-Za-z]{3}$'

export const SymbolText = Type.String({
  pattern: ONE_SYMBOL,
  description: 'Case-insensitive; `BRK-B` is read as `BRK.B`.',
  examples: ['AAPL'],
})

export const SymbolList = Type.String({
  pattern: SYMBOLS,
  description: `Up to ${MAX_SYMBOLS} symbols, separated by commas.`,
  examples: ['AAPL,MSFT'],
})

/** For calls that answer with rows of each symbol. */
export const ShortSymbolList = Type.String({
  pattern: SHORT_LIST,
  description: `Instead of \`symbol\`: up to ${MAX_SHORT_LIST} symbols, separated by commas.`,
  examples: ['AAPL,MSFT'],
})

/**
 * What to report for a value that does not match; the pattern itself means nothing to people. The pointers are below that
 * of the value.
 */
export const PATTERN_MISTAKES: ReadonlyMap<unknown, (value: unknown) => readonly Mistake[]> = new Map([
  [ONE_SYMBOL, symbolMistakes],
  [SYMBOLS, (value) => symbolListMistakes(value, MAX_SYMBOLS)],
  [SHORT_LIST, (value) => symbolListMistakes(value, MAX_SHORT_LIST)],
  [CURRENCY, () => [{ pointer: '', detail: 'must be three letters, such as USD' }]],
])

export const ProviderName = Type.String({
  minLength: 1,
  maxLength: 40,
  description: 'A name or alias from /providers. Default: the configured provider.',
  examples: ['simulated'],
})

export const Currency = Type.String({
  pattern: CURRENCY,
  description: 'Only prices in this currency. Case-sensitive: `GBp` is pence, `GBP` pounds.',
  examples: ['USD'],
})

/** Of the rows of one answer. */
export const MAX_LIMIT = 10_000

export const Limit = Type.Integer({ minimum: 1, maximum: MAX_LIMIT, default: 100, examples: [100] })
/** Page size if a query names none. */
export const DEFAULT_LIMIT = 100

const Order = Type.Enum(['asc', 'desc'], {
  default: 'desc',
  description: '`desc` is newest first.',
})

/** A time that the validator checks. */
export const timeText = (description: string) =>
  Type.String({
    maxLength: MAX_INSTANT_LENGTH,
    description,
    examples: ['2025-06-15T20:30:27.283671Z'],
    'x-instant': true,
  })

/** The members of every query over a time range. */
export const Range = {
  from: Type.Optional(timeText('Inclusive: a day, or a time with its zone (RFC 3339).')),
  to: Type.Optional(timeText('Exclusive: a day, or a time with its zone (RFC 3339).')),
  order: Type.Optional(Order),
}

/** The canonical symbols of a list, without duplicates, in the same order. */
export function symbolsOf(list: string): string[] {
  return [...new Set(list.split(',').map(canonicalSymbol))]
}

/** The ends of a range, which the schema has checked. */
export function rangeOf({ from, to }: { from?: string | undefined; to?: string | undefined }) {
  return { from: momentOf(from), to: momentOf(to) }
}

const ID = /^\d{1,18}$/

/**
 * An id from a path that PostgreSQL can read.
 * @throws ServiceError `not_found`: text that cannot be an id has no row either
 */
export function idOf(text: string, what: string): string {
  if (!ID.test(text)) throw notFound(what)
  return text
}

/** @param what the noun that does not exist, for instance `job` */
export function notFound(what: string): ServiceError {
  return new ServiceError('not_found', `No such ${what}.`)
}
