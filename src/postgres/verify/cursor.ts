import type pg from 'pg'
import { longRead } from '../pool.ts'

type Options = { readonly values?: readonly unknown[]; readonly page: number; readonly signal: AbortSignal }

/** The rows of a query, a page in memory at a time; inside a transaction only, one such reading after the other. */
export async function* readByCursor<Row extends pg.QueryResultRow>(
  client: pg.ClientBase,
  query: string,
  { values = [], page, signal }: Options,
): AsyncGenerator<Row> {
  await client.query(`declare reading no scroll cursor for ${query}`, [...values])
  for (;;) {
    signal.throwIfAborted()
    const { rows } = await client.query<Row>(longRead(`fetch ${page} from reading`))
    yield* rows
    if (rows.length < page) break
  }
  await client.query('close reading')
}
