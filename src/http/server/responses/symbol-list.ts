import { bySymbolText, nextUrl, pageText, type RowTexts } from '../../../formats/json/page.ts'
import type { HistoryKey } from '../../../core/prices/history.ts'
import type { Page } from '../../../lib/pagination.ts'
import type { App } from '../app.ts'
import { othersOf, requestedSymbols, type OthersDeps, type RequestedSymbols } from '../validation/series-query.ts'
import { withBasePath } from './base-path.ts'

type ListRequest = {
  readonly deps: OthersDeps
  readonly query: RequestedSymbols
  /** Path and query of the page itself. */
  readonly url: string
  readonly provider: string
  readonly after?: HistoryKey | undefined
}

/** The body of a list of rows of one symbol or of several, put together from the JSON of its rows. */
export async function symbolListText(
  app: App,
  { deps, query, url, provider, after }: ListRequest,
  readPage: (symbol: string) => Promise<Page<string>>,
): Promise<string> {
  const rowsOf = async (symbol: string): Promise<RowTexts & Pick<Page<string>, 'nextCursor'>> => {
    const { data: rows, nextCursor } = await readPage(symbol)
    const isEmpty = rows.length === 0 && after === undefined
    return { rows, nextCursor, others: isEmpty ? await othersOf(deps, symbol, provider) : [] }
  }
  const symbols = requestedSymbols(query)
  if (query.symbol !== undefined) {
    const { nextCursor, ...rows } = await rowsOf(symbols[0] ?? '')
    return pageText(rows, nextCursor, nextCursor === null ? null : withBasePath(app, nextUrl(url, nextCursor)))
  }
  const found = []
  // One after the other, so that a request occupies one connection.
  for (const symbol of symbols) found.push({ symbol, ...(await rowsOf(symbol)) })
  return bySymbolText(found)
}
