import { Type, type TSchema } from 'typebox'
import type { Page } from '../../lib/pagination.ts'
import { orNull } from './fields.ts'

const NextCursor = orNull(Type.String(), { description: 'Null on the last page.' })
const NextUrl = orNull(Type.String(), { description: 'Path of the next page.' })

/** The body of every list. */
export function listOf<T extends TSchema>(item: T, title: string) {
  return Type.Object(
    { data: Type.Array(item), next_cursor: NextCursor, next_url: NextUrl },
    { title, description: 'One page of the list.' },
  )
}

/** @param url path and query of the page itself */
export function pageBody<T, B>({ data, nextCursor }: Page<T>, url: string, bodyOf: (row: T) => B) {
  return {
    data: data.map((row) => bodyOf(row)),
    next_cursor: nextCursor,
    next_url: nextCursor === null ? null : nextUrl(url, nextCursor),
  }
}

function nextUrl(url: string, cursor: string): string {
  const next = new URL(url, 'http://localhost')
  next.searchParams.set('cursor', cursor)
  return next.pathname + next.search
}
