import { ROLES, type Role } from '../../core/cluster/roles.ts'
import { InvalidArgumentError } from 'commander'
import { ServiceError } from '../../errors.ts'
import { ONE_YEAR_SECONDS, parseDayOrInstant, type Instant } from '../../lib/instant.ts'
import { canonicalSymbol } from '../../lib/symbol.ts'
import { parseDuration } from './duration.ts'

// Argument parsers for commander: each returns the value, or throws an InvalidArgumentError that explains the format.

/** Adds a symbol to a list, or several with commas between them, without duplicates, in the order given. */
export function addSymbol(text: string, before: readonly string[] = []): readonly string[] {
  const several = text.split(',').filter((part) => part.trim() !== '')
  return [...new Set([...before, ...(several.length === 0 ? [text] : several).map(parseSymbol)])]
}

export function parseSymbol(text: string): string {
  try {
    return canonicalSymbol(text)
  } catch (error) {
    throw error instanceof ServiceError ? new InvalidArgumentError(error.message) : error
  }
}

/** A duration in seconds, from 1 s to 365 days. */
export function parseInterval(text: string): number {
  const seconds = parseDuration(text)
  if (seconds === undefined) throw new InvalidArgumentError('Use a format like 30s, 5m, 1h or 1d.')
  if (seconds < 1 || seconds > ONE_YEAR_SECONDS) {
    throw new InvalidArgumentError('Use a value from 1s to 365d.')
  }
  return seconds
}

/** An instant, or the start of a day (UTC). */
export function parseTime(text: string): Instant {
  const instant = parseDayOrInstant(text)
  if (instant !== undefined) return instant
  throw new InvalidArgumentError('Use a format like 2025-06-15 or 2025-06-15T20:30:00Z.')
}

export function parseCount(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Use a whole number of at least 1.')
}

/** The URL of a PostgreSQL database. */
export function parseDatabaseUrl(text: string): string {
  if (/^postgres(ql)?:\/\//.test(text) && URL.canParse(text)) return text
  throw new InvalidArgumentError('Use a format like postgres://user@host/database.')
}

/** Roles separated by commas. */
export function parseRoles(text: string): readonly Role[] {
  return text.split(',').map((name) => {
    const role = ROLES.find((known) => known === name.trim())
    if (role === undefined) throw new InvalidArgumentError(`Use one or more of ${ROLES.join(', ')}.`)
    return role
  })
}
