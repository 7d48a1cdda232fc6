import type pg from 'pg'
import { longRead } from './transaction.ts'

type Reading = {
  readonly values?: readonly unknown[]
  readonly signal: AbortSignal
}
type Options = Reading & {
  /** How many rows the next page has at most; asked before each. */
  readonly size: () => number
}

/** The rows of a query one by one, a page in memory at a time. As `readPages`. */
export async function* readByCursor<Row extends pg.QueryResultRow>(
  client: pg.ClientBase,
  query: string,
  { page, ...reading }: Reading & { readonly page: number },
): AsyncGenerator<Row> {
  for await (const rows of readPages<Row>(client, query, { ...reading, size: () => page })) yield* rows
}

/** The rows of a query in pages, one in memory at a time; inside a transaction only, one such reading after the other. */
export async function* readPages<Row extends pg.QueryResultRow>(
  client: pg.ClientBase,
  query: string,
  { values = [], size, signal }: Options,
): AsyncGenerator<Row[]> {
  await client.query(`declare reading no scroll cursor for ${query}`, [...values])
  for (let isMore = true; isMore;) {
    signal.throwIfAborted()
    const asked = size()
    const { rows } = await client.query<Row>(longRead(`fetch ${asked} from reading`))
    if (rows.length > 0) yield rows
    isMore = rows.length === asked
  }
  await client.query('close reading')
}
