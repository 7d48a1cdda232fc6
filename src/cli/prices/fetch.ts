import type { Command } from 'commander'
import type { Ingest } from '../../core/ingest/ingest.ts'
import type { RecordResult } from '../../core/prices/quote.ts'
import { sixDigits } from '../../lib/instant.ts'
import { addSymbol } from '../terminal/arguments.ts'
import { addExamples, JSON_OPTION, providerOption, type Act, type JsonOption } from '../terminal/options.ts'
import { jsonLine } from '../../formats/json/json-line.ts'
import { recordResultBody } from '../../formats/price.ts'
import { alignColumns, linesText, type Output } from '../terminal/output.ts'

export type FetchActions = { fetch(options: FetchOptions): Promise<number> }

type FetchOptions = JsonOption & {
  readonly symbols: readonly string[]
  readonly provider?: string | undefined
}

export function addFetchCommand(program: Command, act: Act<FetchActions>, providers: readonly string[]): void {
  const fetch = program
    .command('fetch')
    .description('Fetch prices from a provider now, store them and print them')
    .argument('<symbols...>', 'Symbols, such as AAPL, BRK.B, BTC-USD', addSymbol)
    .option(...providerOption(providers))
    .option(...JSON_OPTION)
    .action((symbols: readonly string[], options: Omit<FetchOptions, 'symbols'>) =>
      act((actions) => actions.fetch({ ...options, symbols })),
    )
  addExamples(fetch, 'market-data fetch AAPL MSFT', 'market-data fetch BTC-USD --provider simulated --json')
}

type Needs = { readonly ingest: Ingest; readonly output: Output }
type FetchRequest = Omit<FetchOptions, 'provider'> & { readonly provider: string }

/**
 * Fetches prices from the provider, stores them, and prints a line for each symbol.
 * @returns whether every symbol had a price
 */
export async function fetchPrices({ ingest, output }: Needs, request: FetchRequest): Promise<boolean> {
  const { symbols, provider, json } = request
  const results = await ingest(provider, symbols, output.closed)
  const failed = results.filter((result) => 'error' in result)
  if (json) await output.write(jsonLine({ data: results.map(recordResultBody) }))
  else await output.write(linesText(alignColumns(results.flatMap((result) => rowsOf(result, output)))))
  for (const { symbol, error } of failed) output.report(`${symbol}: ${error.message}`)
  return failed.length === 0
}

function rowsOf(result: RecordResult, { paint }: Output): string[][] {
  if ('error' in result) return []
  const { price, outcome } = result
  const amount = `${price.price} ${price.currency ?? ''}`.trimEnd()
  return [[paint('bold', price.symbol), amount, sixDigits(price.eventTime), price.provider, paint('dim', outcome)]]
}
