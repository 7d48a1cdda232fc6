import { Type, type TSchema } from 'typebox'
import type { Page } from '../../lib/pagination.ts'
import { orNull } from './fields.ts'
import { Others, Problem } from './problem.ts'

const NextCursor = orNull(Type.String(), { description: 'Null on the last page.' })
const NextUrl = orNull(Type.String(), { description: 'Path of the next page.' })

/** The body of every list. */
export function listOf<T extends TSchema>(item: T, title: string) {
  return Type.Object(
    { data: Type.Array(item), next_cursor: NextCursor, next_url: NextUrl },
    { title, description: 'One page of the list.' },
  )
}

/** The body of a list about one symbol. An empty one names the providers that have prices of the symbol. */
export function listOfSymbol<T extends TSchema>(item: T, title: string) {
  const { properties } = listOf(item, title)
  return Type.Object({ ...properties, others: Type.Optional(Others) }, { title, description: 'One page of the list.' })
}

/** The body of a list for several symbols: an entry for each, in the order of the request, without further pages. */
export function bySymbolOf<T extends TSchema>(item: T, title: string) {
  const symbol = Type.String({ examples: ['AAPL'] })
  const found = Type.Object({ symbol, data: Type.Array(item), others: Type.Optional(Others) })
  const failed = Type.Object({ symbol, error: Problem })
  return Type.Object(
    { data: Type.Array(Type.Union([found, failed])) },
    { title, description: 'The rows of each symbol, in the order of the request.' },
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

/** Rows about one symbol, each as JSON text. */
export type RowTexts = { readonly rows: readonly string[]; readonly others: readonly string[] }

/** The same text as that of a `listOfSymbol`. @param address of the next page; null on the last one */
export function pageText({ rows, others }: RowTexts, nextCursor: string | null, address: string | null): string {
  const next = `"next_cursor":${JSON.stringify(nextCursor)},"next_url":${JSON.stringify(address)}`
  return `{"data":[${rows.join()}],${next}${othersText(others)}}`
}

/** The same text as that of `bySymbolOf`. */
export function bySymbolText(found: readonly (RowTexts & { readonly symbol: string })[]): string {
  const entries = found.map(
    ({ symbol, rows, others }) => `{"symbol":${JSON.stringify(symbol)},"data":[${rows.join()}]${othersText(others)}}`,
  )
  return `{"data":[${entries.join()}]}`
}

function othersText(others: readonly string[]): string {
  return others.length === 0 ? '' : `,"others":${JSON.stringify(others)}`
}

/** Queries that `URLSearchParams` writes as they are. */
const PARAMETER = String.raw`[\w*.-]+=(?:[\w*.-]|%(?:2B|2C|3A|3D|5E))*`
const CANONICAL_QUERY = new RegExp(String.raw`^[\w/-]+\?${PARAMETER}(?:&${PARAMETER})*$`)
const CURSOR = /(?<=[?&]cursor=)[^&]*/

/**
 * The address of a page with another cursor.
 * @param url path and query of the page itself
 */
export function nextUrl(url: string, cursor: string): string {
  // Reading and writing a query takes longer than replacing a part of its text, which gives the same in this form.
  if (CANONICAL_QUERY.test(url)) return CURSOR.test(url) ? url.replace(CURSOR, cursor) : `${url}&cursor=${cursor}`
  const next = new URL(url, 'http://localhost')
  next.searchParams.set('cursor', cursor)
  return next.pathname + next.search
}
