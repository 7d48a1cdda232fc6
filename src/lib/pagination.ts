import { ServiceError } from '../errors.ts'

/** The cursor is the one of the previous page; without it, the first page is requested. */
export type PageRequest = { readonly limit: number; readonly cursor?: string | undefined }

/** One page of a list; a null cursor ends it. */
export type Page<T> = { readonly data: readonly T[]; readonly nextCursor: string | null }

/** A page of a list, from one row more than it may have: whether that is there says whether another page follows. */
export function pageOf<T>(rows: readonly T[], limit: number, cursorOf: (last: T) => string): Page<T> {
  const data = rows.slice(0, limit)
  const last = rows.length > limit ? data.at(-1) : undefined
  return { data, nextCursor: last === undefined ? null : cursorOf(last) }
}

/**
 * The number behind which a list goes on, for lists in the order of one.
 * @throws ServiceError `invalid_request` for a cursor that is not of such a list
 */
export function numberCursor(cursor: string | undefined): string | undefined {
  if (cursor !== undefined && !/^\d{1,18}$/.test(cursor)) throw badCursor()
  return cursor
}

export function badCursor(): ServiceError {
  const detail = 'This cursor is not from this list.'
  return new ServiceError('invalid_request', detail, { errors: [{ pointer: '/cursor', detail }] })
}
