import type { HistoryRequest, PastPrice, ReadHistory } from '../../core/prices/history.ts'
import type { Instant } from '../../lib/instant.ts'
import type { FindStoredSymbols } from '../../core/prices/symbols.ts'
import { HISTORY_CSV_HEADER, historyCsvLines, historyPriceBody } from '../../formats/history.ts'
import type { Output } from '../terminal/output.ts'

export type HistoryOptions = {
  readonly symbol: string
  readonly provider?: string | undefined
  readonly from?: Instant | undefined
  readonly to?: Instant | undefined
  readonly limit?: number | undefined
  readonly csv?: boolean | undefined
  readonly json?: boolean | undefined
}

type Needs = {
  readonly readHistory: ReadHistory
  readonly findStored: FindStoredSymbols
  readonly output: Output
}
type Asked = Omit<HistoryOptions, 'provider'> & { readonly provider: string }

const DEFAULT_LIMIT = 100
const PAGE = 1_000

/** Prints stored prices, newest first, page by page: memory stays the same however many there are. */
export async function printHistory({ readHistory, findStored, output }: Needs, options: Asked): Promise<void> {
  const format = options.csv ? CSV : options.json ? JSON_LIST : LINES
  const { symbol, provider, from, to, limit = options.csv ? Number.POSITIVE_INFINITY : DEFAULT_LIMIT } = options
  const asked = { symbol, provider, from, to, order: 'desc', withSuperseded: false } as const
  await output.write(format.head)
  let count = 0
  for await (const page of pagesOf(readHistory, asked, limit)) {
    if (output.closed.aborted) return
    await output.write(format.page(page, count === 0))
    count += page.length
  }
  await output.write(format.tail)
  if (count === 0) output.say(await sayNone(findStored, asked))
}

/** A range may have none where the provider has some. */
async function sayNone(findStored: FindStoredSymbols, { symbol, provider, from, to }: Omit<HistoryRequest, 'limit'>) {
  const within = from === undefined && to === undefined ? '' : ' at that time'
  const none = `There are no prices of ${symbol} from ${provider}${within}.`
  const stored = await findStored({ symbols: [symbol], limit: 10 })
  const others = stored.filter((other) => other.provider !== provider && other.lastPriceAt !== null)
  if (others.length === 0) return none
  return `${none} Others have some: ${others.map((other) => `--provider ${other.provider}`).join(', ')}`
}

async function* pagesOf(readHistory: ReadHistory, asked: Omit<HistoryRequest, 'limit'>, limit: number) {
  let [after, left]: [PastPrice | undefined, number] = [undefined, limit]
  while (left > 0) {
    const wanted = Math.min(PAGE, left)
    const page: readonly PastPrice[] = await readHistory({ ...asked, after, limit: wanted })
    if (page.length > 0) yield page
    if (page.length < wanted) return
    after = page.at(-1)
    left -= page.length
  }
}

type Format = {
  readonly head: string
  page(prices: readonly PastPrice[], isFirst: boolean): string
  readonly tail: string
}

const LINES: Format = {
  head: '',
  page: (prices) =>
    prices
      .map(({ eventTime, price, currency }) => `${eventTime}  ${price} ${currency ?? ''}`.trimEnd() + '\n')
      .join(''),
  tail: '',
}

const CSV: Format = { head: HISTORY_CSV_HEADER, page: historyCsvLines, tail: '' }

const JSON_LIST: Format = {
  head: '{"data":[',
  page: (prices, isFirst) =>
    (isFirst ? '' : ',') + prices.map((price) => JSON.stringify(historyPriceBody(price))).join(','),
  tail: ']}\n',
}
