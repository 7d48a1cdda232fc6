import { ROLES, type Role } from '../../core/cluster/roles.ts'
import { InvalidArgumentError } from 'commander'
import { ServiceError } from '../../errors.ts'
import { parseInstant, type Instant } from '../../lib/instant.ts'
import { canonicalSymbol } from '../../lib/symbol.ts'
import { parseDuration } from './duration.ts'

const LONGEST_INTERVAL_SECONDS = 31_536_000
const DAY = /^\d{4}-\d{2}-\d{2}$/

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
  if (seconds < 1 || seconds > LONGEST_INTERVAL_SECONDS) {
    throw new InvalidArgumentError('It can be from 1s to 365d.')
  }
  return seconds
}

/** A moment, or the start of a day (UTC). */
export function readMoment(word: string): Instant {
  const instant = parseInstant(DAY.test(word) ? `${word}T00:00:00Z` : word)
  // PostgreSQL knows no year 0.
  if (instant !== undefined && !instant.startsWith('0000')) return instant
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
