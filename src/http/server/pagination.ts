import type { FastifyRequest } from 'fastify'
import { Type, type TSchema } from 'typebox'
import type { HistoryKey } from '../../core/prices/history.ts'
import { parseInstant } from '../../lib/instant.ts'
import { DEFAULT_LIMIT, invalid, Limit } from './query.ts'

/** The members of every list's query. */
export const Paging = {
  limit: Type.Optional(Limit),
  cursor: Type.Optional(
    Type.String({ minLength: 1, maxLength: 200, description: 'The `next_cursor` of the page before, as it came.' }),
  ),
}

const NextCursor = Type.Union([Type.String(), Type.Null()], { description: 'Null on the last page.' })
const NextUrl = Type.Union([Type.String(), Type.Null()], { description: 'The path of the next page.' })

/** The body of every list. */
export function listOf<T extends TSchema>(item: T, title: string) {
  return Type.Object(
    { data: Type.Array(item), next_cursor: NextCursor, next_url: NextUrl },
    { title, description: 'One page of the list.' },
  )
}

export function pageBody<T>(request: FastifyRequest, data: T[], nextCursor: string | null) {
  return { data, next_cursor: nextCursor, next_url: nextCursor === null ? null : nextUrl(request.url, nextCursor) }
}

function nextUrl(url: string, cursor: string): string {
  const next = new URL(url, 'http://localhost')
  next.searchParams.set('cursor', cursor)
  return next.pathname + next.search
}

/** One row more than a page was asked for: whether it is there says whether another page follows. */
export function splitPage<T>(rows: readonly T[], limit = DEFAULT_LIMIT): { rows: T[]; last: T | undefined } {
  const page = rows.slice(0, limit)
  return { rows: page, last: rows.length > limit ? page.at(-1) : undefined }
}

/** A place in a list over time, as text that callers hand back without looking inside. */
export function timeCursor({ eventTime, seriesId, revision }: HistoryKey): string {
  return Buffer.from(`${eventTime} ${seriesId} ${revision}`).toString('base64url')
}

const TIME_KEY = /^(\S+) (\d{1,18}) (\d{1,9})$/

/** @throws ServiceError `invalid_request` for a cursor that is not one of ours */
export function timeKeyOf(cursor: string | undefined): HistoryKey | undefined {
  if (cursor === undefined) return undefined
  const [, time = '', seriesId = '', revision = ''] = TIME_KEY.exec(Buffer.from(cursor, 'base64url').toString()) ?? []
  const eventTime = parseInstant(time)
  if (eventTime === undefined || !/^(?!0000)\d{4}-/.test(eventTime))
    throw invalid('/cursor', 'is not a cursor of this list')
  return { eventTime, seriesId, revision: Number(revision) }
}
