import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { HistoryKey } from '../../../core/prices/history.ts'
import { sendStream } from '../send-stream.ts'

/** The member of a query whose rows also come as a table. */
export const Format = {
  format: Type.Optional(
    Type.Enum(['json', 'csv'], {
      default: 'json',
      description: '`csv` streams the whole range unless `limit` is given. So does the header `Accept: text/csv`.',
    }),
  ),
}

export const CSV_TYPE = 'text/csv; charset=utf-8'

/**
 * Hook before the validation: a client that names no format, and accepts CSV but not JSON, gets CSV. Tables have other limits
 * than pages, so the rules of the query must know.
 */
export function readAccept(request: FastifyRequest, _reply: FastifyReply, done: () => void): void {
  const query = request.query as { readonly format?: unknown }
  const { accept = '' } = request.headers
  const wantsCsv = accept.includes('text/csv') && !accept.includes('application/json')
  if (query.format === undefined && wantsCsv) request.query = { ...query, format: 'csv' }
  done()
}

type Page = { readonly symbol: string; readonly after: HistoryKey | undefined; readonly limit: number }

/** How rows are read and written. */
export type Table<Line> = {
  readonly header: string
  readonly symbols: readonly string[]
  /** Where the table starts; before the first row if undefined. */
  readonly after?: HistoryKey | undefined
  /** The most rows of each symbol. */
  readonly limit: number | undefined
  readonly read: (page: Page) => Promise<readonly Line[]>
  readonly keyOf: (line: Line) => HistoryKey
  readonly textOf: (lines: readonly Line[], symbol: string) => string
  /** Of the file, without its ending. */
  readonly name: string
}

/** Sends a table as a file, while it is read. */
export async function sendTable<Line>(reply: FastifyReply, table: Table<Line>): Promise<FastifyReply> {
  const pieces = await piecesOf(table)
  reply.header('content-disposition', `attachment; filename="${table.name}.csv"`)
  return sendStream(reply.type(CSV_TYPE), pieces)
}

/** Rows that are read at once: each page costs a statement, and takes about as many milliseconds of Node as thousands of rows. */
const PAGE = 5_000

/**
 * Resolves once the first page is read, so that a database that is unavailable is an error and not half a file. Each
 * further page is a statement of its own, read only after the reader has taken the previous one: neither memory nor a
 * snapshot of the database is held for a slow reader.
 */
async function piecesOf<Line>(table: Table<Line>): Promise<AsyncIterable<string>> {
  const { symbols, limit = Number.POSITIVE_INFINITY } = table
  const read = (symbol: string, after: HistoryKey | undefined, left: number) =>
    table.read({ symbol, after, limit: Math.min(PAGE, left) })
  const first = await read(symbols[0] ?? '', table.after, limit)
  return pieces()

  async function* pieces() {
    yield table.header
    for (const [index, symbol] of symbols.entries()) {
      yield* piecesOfSymbol(symbol, index === 0 ? first : await read(symbol, table.after, limit))
    }
  }

  async function* piecesOfSymbol(symbol: string, firstPage: readonly Line[]) {
    let [page, left] = [firstPage, limit]
    while (page.length > 0) {
      yield table.textOf(page, symbol)
      left -= page.length
      const last = page.at(-1)
      const isMore = last !== undefined && page.length === PAGE && left > 0
      page = isMore ? await read(symbol, table.keyOf(last), left) : []
    }
  }
}
