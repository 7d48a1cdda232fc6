import type { Command } from 'commander'
import {
  priceFieldsOf,
  priceKeyOf,
  type HistoryRequest,
  type PriceLine,
  type ReadHistory,
} from '../../core/prices/history.ts'
import { sixDigitsOfSqlTime, type Instant } from '../../lib/instant.ts'
import type { FindStoredSymbols, StoredSymbol } from '../../core/prices/symbols.ts'
import { parseCount, parseSymbol, parseTime } from '../terminal/arguments.ts'
import { addExamples, JSON_OPTION, providerOption, type Act, type JsonOption } from '../terminal/options.ts'
import { HISTORY_CSV_HEADER, historyCsvLines, historyPriceText, type TableSource } from '../../formats/history.ts'
import type { Output } from '../terminal/output.ts'

export type HistoryActions = { history(options: HistoryOptions): Promise<number> }

type HistoryOptions = JsonOption & {
  readonly symbol: string
  readonly provider?: string | undefined
  readonly from?: Instant | undefined
  readonly to?: Instant | undefined
  readonly limit?: number | undefined
  readonly csv?: boolean | undefined
}

export function addHistoryCommand(program: Command, act: Act<HistoryActions>, providers: readonly string[]): void {
  const history = program
    .command('history')
    .description('Print the stored prices of a symbol, newest first')
    .argument('<symbol>', 'Symbol, such as AAPL', parseSymbol)
    .option(...providerOption(providers))
    .option('--from <time>', 'Start, inclusive: 2025-06-15 or 2025-06-15T20:30:00Z', parseTime)
    .option('--to <time>', 'End, exclusive', parseTime)
    .option('-n, --limit <count>', 'Maximum number of prices (default: 100, or all with --csv)', parseCount)
    .option('--csv', 'Print CSV with a header')
    .option(...JSON_OPTION)
    .action((symbol: string, options: Omit<HistoryOptions, 'symbol'>, command: Command) => {
      if (options.csv && options.json) command.error('error: use --csv or --json, not both')
      return act((actions) => actions.history({ ...options, symbol }))
    })
  addExamples(
    history,
    'market-data history AAPL --limit 20',
    'market-data history AAPL --provider simulated --from 2025-06-01 --to 2025-07-01 --csv > aapl.csv',
  )
}

type Needs = {
  readonly readHistory: ReadHistory
  readonly findStored: FindStoredSymbols
  readonly output: Output
}
type HistoryQuery = Omit<HistoryOptions, 'provider'> & { readonly provider: string }

const DEFAULT_LIMIT = 100
const PAGE = 1_000

/**
 * Prints stored prices, newest first, page by page, so that memory use does not grow with their number.
 * @returns false for a symbol of which no provider has a price
 */
export async function printHistory(
  { readHistory, findStored, output }: Needs,
  options: HistoryQuery,
): Promise<boolean> {
  const format = formatOf(options)
  const { symbol, provider, from, to, limit = options.csv ? Number.POSITIVE_INFINITY : DEFAULT_LIMIT } = options
  const request = { symbol, provider, from, to, order: 'desc', withSuperseded: false } as const
  await output.write(format.head)
  let count = 0
  for await (const page of pagesOf(readHistory, request, limit)) {
    if (output.closed.aborted) return true
    await output.write(format.page(page, count === 0, options))
    count += page.length
  }
  await output.write(format.tail)
  if (count > 0) return true
  const stored = await findStored({ symbols: [request.symbol], limit: 10 })
  output.report(stored.length === 0 ? unknownText(symbol) : noneFoundText(stored, request))
  return stored.length > 0
}

function formatOf({ csv, json }: HistoryQuery): Format {
  if (csv) return CSV
  return json ? JSON_LIST : LINES
}

function unknownText(symbol: string): string {
  return `No prices of ${symbol} are stored. To poll it: market-data jobs add ${symbol} --every 1m`
}

type PageRequest = Omit<HistoryRequest, 'limit'>

/** Names the other providers that have prices of the symbol. */
function noneFoundText(stored: readonly StoredSymbol[], { symbol, provider, from, to }: PageRequest): string {
  const within = from === undefined && to === undefined ? '' : ' in this time range'
  const none = `No prices of ${symbol} from ${provider}${within}.`
  const others = stored.filter((other) => other.provider !== provider && other.lastPriceAt !== null)
  if (others.length === 0) return none
  return `${none} Prices exist from: ${others.map((other) => `--provider ${other.provider}`).join(', ')}`
}

async function* pagesOf(readHistory: ReadHistory, request: PageRequest, limit: number) {
  let after: HistoryRequest['after']
  let left = limit
  while (left > 0) {
    const size = Math.min(PAGE, left)
    const page: readonly PriceLine[] = await readHistory({ ...request, after, limit: size })
    const last = page.at(-1)
    if (last !== undefined) yield page
    if (last === undefined || page.length < size) return
    after = priceKeyOf(last)
    left -= page.length
  }
}

type Format = {
  readonly head: string
  page(prices: readonly PriceLine[], isFirst: boolean, source: TableSource): string
  readonly tail: string
}

const LINES: Format = {
  head: '',
  page: (prices) =>
    prices
      .map(priceFieldsOf)
      .map(({ eventTime, price, currency }) => `${sixDigitsOfSqlTime(eventTime)}  ${price} ${currency ?? ''}`.trimEnd())
      .map((line) => `${line}\n`)
      .join(''),
  tail: '',
}

const CSV: Format = {
  head: HISTORY_CSV_HEADER,
  page: (prices, _isFirst, source) => historyCsvLines(prices, source),
  tail: '',
}

const JSON_LIST: Format = {
  head: '{"data":[',
  page: (prices, isFirst) => (isFirst ? '' : ',') + prices.map(historyPriceText).join(','),
  tail: ']}\n',
}
