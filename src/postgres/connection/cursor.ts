import type pg from 'pg'
import { longRead } from './transaction.ts'

type Reading = {
  readonly values?: readonly unknown[]
  readonly signal: AbortSignal
}
type Options = Reading & {
  /** The most rows of the next page; called before each. */
  readonly size: () => number
}

/** As `readPages`, but the rows one by one. */
export async function* readByCursor<Row extends pg.QueryResultRow>(
  client: pg.ClientBase,
  query: string,
  { page, ...reading }: Reading & { readonly page: number },
): AsyncGenerator<Row> {
  for await (const rows of readPages<Row>(client, query, { ...reading, size: () => page })) yield* rows
}

/** The rows of a query in pages, one in memory at a time. Only inside a transaction, which may have one such reading at a time. */
export async function* readPages<Row extends pg.QueryResultRow>(
  client: pg.ClientBase,
  query: string,
  { values = [], size, signal }: Options,
): AsyncGenerator<Row[]> {
  await client.query(`declare reading no scroll cursor for ${query}`, [...values])
  let isLast = false
  while (!isLast) {
    signal.throwIfAborted()
    const limit = size()
    const { rows } = await client.query<Row>(longRead(`fetch ${limit} from reading`))
    if (rows.length > 0) yield rows
    isLast = rows.length < limit
  }
  await client.query('close reading')
}
