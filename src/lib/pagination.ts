import { ServiceError } from '../errors.ts'
import { instantFromMicros, microsOf, parseInstant, type Instant } from './instant.ts'

/** The cursor is the one of the previous page; without it, the first page is requested. */
export type PageRequest = { readonly limit: number; readonly cursor?: string | undefined }

/** One page of a list; a null cursor ends it. */
export type Page<T> = { readonly data: readonly T[]; readonly nextCursor: string | null }

/** A page of at most `limit` rows. Read one row more: only if it exists does another page follow. */
export function pageOf<T>(rows: readonly T[], limit: number, cursorOf: (last: T) => string): Page<T> {
  const data = rows.slice(0, limit)
  const last = rows.length > limit ? data.at(-1) : undefined
  return { data, nextCursor: last === undefined ? null : cursorOf(last) }
}

/** Text that callers return without looking inside. */
export function encodeCursor(key: string): string {
  return Buffer.from(key).toString('base64url')
}

/** What `encodeCursor` was given, or anything: the caller may have sent a cursor of its own. */
export function decodeCursor(cursor: string): string {
  return Buffer.from(cursor, 'base64url').toString()
}

/**
 * The number behind which a list resumes, for lists ordered by one.
 * @throws ServiceError `invalid_request` for a cursor of another list
 */
export function numberCursor(cursor: string | undefined): string | undefined {
  if (cursor !== undefined && !/^\d{1,18}$/.test(cursor)) throw badCursor()
  return cursor
}

/** The key of a row in a list over time. */
type TimeKey = { readonly eventTime: Instant; readonly seriesId: string; readonly revision: number }

export function timeCursor({ eventTime, seriesId, revision }: TimeKey): string {
  return encodeCursor(`${eventTime} ${seriesId} ${revision}`)
}

const TIME_KEY = /^(\S+) (\d{1,18}) (\d{1,9})$/

/** @throws ServiceError `invalid_request` for a cursor of another list */
export function timeKeyOf(cursor: string | undefined): TimeKey | undefined {
  if (cursor === undefined) return undefined
  const [, time = '', seriesId = '', revision = ''] = TIME_KEY.exec(decodeCursor(cursor)) ?? []
  const eventTime = parseInstant(time)
  // PostgreSQL has no year 0.
  if (eventTime === undefined || !/^(?!0000)\d{4}-/.test(eventTime)) throw badCursor()
  return { eventTime, seriesId, revision: Number(revision) }
}

/** The key of a row in a list by creation; the id is a UUID. */
type CreationKey = { readonly createdAt: Instant; readonly id: string }

export function creationCursor({ createdAt, id }: CreationKey): string {
  return `${microsOf(createdAt)}-${id}`
}

const CREATION_KEY = /^(\d{1,17})-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i

/** @throws ServiceError `invalid_request` for a cursor of another list */
export function creationKeyOf(cursor: string): CreationKey {
  const [, micros, id] = CREATION_KEY.exec(cursor) ?? []
  if (micros === undefined || id === undefined) throw badCursor()
  return { createdAt: instantFromMicros(BigInt(micros)), id }
}

export function badCursor(): ServiceError {
  const detail = 'This cursor is not from this list.'
  return new ServiceError('invalid_request', detail, { errors: [{ pointer: '/cursor', detail }] })
}
