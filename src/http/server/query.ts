import { Type } from 'typebox'
import { ServiceError } from '../../errors.ts'
import { parseDayOrInstant, type Instant } from '../../lib/instant.ts'
import { ANY_CASE_SYMBOL_PATTERN as SYMBOL, canonicalSymbol } from '../../lib/symbol.ts'

/** For requests: an unknown member is refused, never ignored. */
export const CLOSED = { additionalProperties: false }
/** For operations without query parameters. */
export const NoQuery = Type.Object({}, CLOSED)

/** In one request. */
export const MAX_SYMBOLS = 100

const ONE_SYMBOL = `^${SYMBOL}$`
const SYMBOLS = `^${SYMBOL}(,${SYMBOL}){0,${MAX_SYMBOLS - 1}}$`

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

/** What to report for a value that does not match; the pattern itself means nothing to people. */
export const PATTERN_MESSAGES: ReadonlyMap<unknown, string> = new Map([
  [ONE_SYMBOL, 'is not a symbol'],
  [SYMBOLS, `contains something that is not a symbol, or more than ${MAX_SYMBOLS} symbols`],
])

export const ProviderName = Type.String({
  minLength: 1,
  maxLength: 40,
  description: 'A name or alias from /providers. Default: the configured provider.',
  examples: ['simulated'],
})

export const Currency = Type.String({
  pattern: '^[A-Za-z]{3}$',
  description: 'Only prices in this currency. Case-sensitive: `GBp` is pence, `GBP` pounds.',
  examples: ['USD'],
})

export const Limit = Type.Integer({ minimum: 1, maximum: 10_000, default: 100, examples: [100] })
/** Page size if a query names none. */
export const DEFAULT_LIMIT = 100

const Order = Type.Union([Type.Literal('asc'), Type.Literal('desc')], {
  default: 'desc',
  description: '`desc` is newest first.',
})

const timeText = (description: string) =>
  Type.String({ maxLength: 40, description, examples: ['2025-06-15T20:30:27.283671Z'] })

/** The members of every query over a time range. */
export const Range = {
  from: Type.Optional(timeText('Inclusive; RFC 3339 time or date.')),
  to: Type.Optional(timeText('Exclusive; RFC 3339 time or date.')),
  order: Type.Optional(Order),
}

/** The canonical symbols of a list, without duplicates, in the same order. */
export function symbolsOf(list: string): string[] {
  return [...new Set(list.split(',').map(canonicalSymbol))]
}

/**
 * The ends of a range.
 * @throws ServiceError `invalid_request` that points at the end that is not a time
 */
export function rangeOf({ from, to }: { from?: string | undefined; to?: string | undefined }) {
  return { from: momentOf(from, '/from'), to: momentOf(to, '/to') }
}

/** @throws ServiceError `invalid_request` if the text is not a time */
export function momentOf(text: string | undefined, pointer: string): Instant | undefined {
  if (text === undefined) return undefined
  // A plus sign in a query means a space, so an unescaped offset arrives with one.
  const instant = parseDayOrInstant(text.replace(/ (\d{2}:?\d{2})$/, '+$1'))
  if (instant === undefined) throw invalid(pointer, 'is not a date or time (RFC 3339)')
  return instant
}

/**
 * Requires exactly one of two members.
 * @throws ServiceError `invalid_request` that points at the first and names both
 */
export function assertOneOf(given: Readonly<Record<string, unknown>>, first: string, second: string): void {
  const [one, other] = [given[first] !== undefined, given[second] !== undefined]
  if (one && other) throw invalid(`/${first}`, `give only one of ${first} and ${second}`)
  if (!one && !other) throw invalid(`/${first}`, `either ${first} or ${second} is required`)
}

/** The error of one invalid member. @param pointer JSON pointer to it */
export function invalid(pointer: string, detail: string): ServiceError {
  return new ServiceError('invalid_request', `${pointer}: ${detail}.`, { errors: [{ pointer, detail }] })
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
