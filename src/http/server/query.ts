import { Type } from 'typebox'
import { ServiceError } from '../../errors.ts'
import { parseDayOrInstant, type Instant } from '../../lib/instant.ts'
import { ANY_CASE_SYMBOL_PATTERN as SYMBOL, canonicalSymbol } from '../../lib/symbol.ts'

/** For input: what is not listed is refused, never ignored. */
export const CLOSED = { additionalProperties: false }
export const NoQuery = Type.Object({}, CLOSED)

export const MAX_SYMBOLS = 100

const ONE_SYMBOL = `^${SYMBOL}$`
const SYMBOLS = `^${SYMBOL}(,${SYMBOL}){0,${MAX_SYMBOLS - 1}}$`

export const SymbolText = Type.String({
  pattern: ONE_SYMBOL,
  description: 'Case does not matter, and `BRK-B` is `BRK.B`.',
  examples: ['AAPL'],
})

export const SymbolList = Type.String({
  pattern: SYMBOLS,
  description: `Up to ${MAX_SYMBOLS} symbols, separated by commas.`,
  examples: ['AAPL,MSFT'],
})

/** What a value that does not fit a pattern is not; the pattern itself tells people nothing. */
export const PATTERN_WORDS: ReadonlyMap<unknown, string> = new Map([
  [ONE_SYMBOL, 'is not a symbol'],
  [SYMBOLS, `holds what is not a symbol, or more than ${MAX_SYMBOLS} of them`],
])

export const ProviderName = Type.String({
  minLength: 1,
  maxLength: 40,
  description: 'A name or alias of /providers; the configured default where it is left out.',
  examples: ['simulated'],
})

export const Currency = Type.String({
  pattern: '^[A-Za-z]{3}$',
  description: 'Only prices quoted in it, to the letter: `GBp` is pence, `GBP` pounds.',
  examples: ['USD'],
})

export const Limit = Type.Integer({ minimum: 1, maximum: 10_000, default: 100, examples: [100] })
export const DEFAULT_LIMIT = 100

const Order = Type.Union([Type.Literal('asc'), Type.Literal('desc')], {
  default: 'desc',
  description: '`desc` is newest first.',
})

const moment = (description: string) =>
  Type.String({ maxLength: 40, description, examples: ['2025-06-15T20:30:27.283671Z'] })

/** The members of every query over a stretch of time. */
export const Range = {
  from: Type.Optional(moment('Inclusive; RFC 3339, or a day.')),
  to: Type.Optional(moment('Exclusive; RFC 3339, or a day.')),
  order: Type.Optional(Order),
}

/** The canonical symbols of a list, each once, in its order. */
export function symbolsOf(list: string): string[] {
  return [...new Set(list.split(',').map(canonicalSymbol))]
}

/**
 * The ends of a range.
 * @throws ServiceError `invalid_request` that points at the end that is no time
 */
export function rangeOf({ from, to }: { from?: string | undefined; to?: string | undefined }) {
  return { from: momentOf(from, '/from'), to: momentOf(to, '/to') }
}

/** @throws ServiceError `invalid_request` for what is no time */
export function momentOf(text: string | undefined, pointer: string): Instant | undefined {
  if (text === undefined) return undefined
  // A plus sign in a query means a space, so an offset written without care arrives with one.
  const instant = parseDayOrInstant(text.replace(/ (\d{2}:?\d{2})$/, '+$1'))
  if (instant === undefined) throw invalid(pointer, 'is not a date or time (RFC 3339)')
  return instant
}

/**
 * Exactly one of two members is to be given.
 * @throws ServiceError `invalid_request` that points at the first and names both
 */
export function assertOneOf(given: Readonly<Record<string, unknown>>, first: string, second: string): void {
  const [one, other] = [given[first] !== undefined, given[second] !== undefined]
  if (one && other) throw invalid(`/${first}`, `give only one of ${first} and ${second}`)
  if (!one && !other) throw invalid(`/${first}`, `either ${first} or ${second} is required`)
}

export function invalid(pointer: string, detail: string): ServiceError {
  return new ServiceError('invalid_request', `${pointer}: ${detail}.`, { errors: [{ pointer, detail }] })
}

const ID = /^\d{1,18}$/

/**
 * An id out of a path, as one that PostgreSQL can read.
 * @throws ServiceError `not_found`: what cannot be an id is not there either
 */
export function idOf(text: string, what: string): string {
  if (!ID.test(text)) throw notFound(what)
  return text
}

export function notFound(what: string): ServiceError {
  return new ServiceError('not_found', `There is no such ${what}.`)
}
