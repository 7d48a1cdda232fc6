import { ROLES, type Role } from '../../core/cluster/roles.ts'
import { InvalidArgumentError } from 'commander'
import { ServiceError } from '../../errors.ts'
import { ONE_YEAR_SECONDS, parseDayOrInstant, type Instant } from '../../lib/instant.ts'
import { canonicalSymbol } from '../../lib/symbol.ts'
import { parseDuration } from './duration.ts'

/** One more symbol of a list, each once, in the order given. For commander, as everything here. */
export function addSymbol(word: string, before: readonly string[] = []): readonly string[] {
  return [...new Set([...before, readSymbol(word)])]
}

export function readSymbol(word: string): string {
  try {
    return canonicalSymbol(word)
  } catch (error) {
    throw error instanceof ServiceError ? new InvalidArgumentError(error.message) : error
  }
}

/** Seconds between two runs of a job. */
export function readInterval(word: string): number {
  const seconds = parseDuration(word)
  if (seconds === undefined) throw new InvalidArgumentError('Write it like 30s, 5m, 1h or 1d.')
  if (seconds < 1 || seconds > ONE_YEAR_SECONDS) {
    throw new InvalidArgumentError('It can be from 1s to 365d.')
  }
  return seconds
}

/** A moment, or the start of a day (UTC). */
export function readMoment(word: string): Instant {
  const instant = parseDayOrInstant(word)
  if (instant !== undefined) return instant
  throw new InvalidArgumentError('Write it like 2025-06-15 or 2025-06-15T20:30:00Z.')
}

export function readCount(word: string): number {
  if (/^[1-9]\d{0,8}$/.test(word)) return Number(word)
  throw new InvalidArgumentError('It is a whole number from 1.')
}

/** The address of a PostgreSQL. */
export function readServer(word: string): string {
  if (/^postgres(ql)?:\/\//.test(word) && URL.canParse(word)) return word
  throw new InvalidArgumentError('Write it like postgres://user@host/database.')
}

/** @throws InvalidArgumentError for a word that is not a role */
export function parseRoles(text: string): readonly Role[] {
  return text.split(',').map((word) => {
    const role = ROLES.find((known) => known === word.trim())
    if (role === undefined) throw new InvalidArgumentError(`the roles are ${ROLES.join(', ')}.`)
    return role
  })
}
