import type { Ingest } from '../../core/ingest/ingest.ts'
import type { RecordResult } from '../../core/prices/quote.ts'
import { jsonLine } from '../../formats/json-line.ts'
import { recordResultBody } from '../../formats/price.ts'
import { alignColumns, linesText, type Output } from '../terminal/output.ts'

export type FetchOptions = {
  readonly symbols: readonly string[]
  readonly provider?: string | undefined
  readonly json?: boolean | undefined
}

type Needs = { readonly ingest: Ingest; readonly output: Output }
type Asked = Omit<FetchOptions, 'provider'> & { readonly provider: string }

/** Asks the provider now, keeps what it says, and prints it: a line each symbol. False where any has no price. */
export async function fetchPrices({ ingest, output }: Needs, { symbols, provider, json }: Asked): Promise<boolean> {
  const results = await ingest(provider, symbols, output.closed)
  const failed = results.filter((result) => 'error' in result)
  if (json) await output.write(jsonLine({ data: results.map(recordResultBody) }))
  else await output.write(linesText(alignColumns(results.flatMap((result) => rowsOf(result, output)))))
  for (const { symbol, error } of failed) output.say(`${symbol}: ${error.message}`)
  return failed.length === 0
}

function rowsOf(result: RecordResult, { paint }: Output): string[][] {
  if ('error' in result) return []
  const { price, outcome } = result
  const amount = `${price.price} ${price.currency ?? ''}`.trimEnd()
  return [[paint('bold', price.symbol), amount, price.eventTime, price.provider, paint('dim', outcome)]]
}
