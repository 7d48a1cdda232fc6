import { ServiceError, type ErrorCode } from '../../errors.ts'
import { compareDecimals, digitCount, parseDecimal, scaledInteger, type Decimal } from '../../lib/decimal.ts'
import { compareInstants, instantFromMicros, type Instant } from '../../lib/instant.ts'
import type {
  ExtendedPrice,
  MarketState,
  Quote,
  QuoteResult,
  RawReply,
  SymbolDetails,
  SymbolMatch,
} from '../../core/prices/quote.ts'
import { plainText } from '../../lib/text.ts'
import { wrongPrice } from '../../core/ingest/validate-quote.ts'
import { exactNumber, isRecord, parseExactJson } from '../transport/exact-json.ts'
import { symbolFromYahoo } from './symbol.ts'

type Item = Readonly<Record<string, unknown>>
type Refusal = { readonly code: ErrorCode; readonly why: string }

const STATES: ReadonlyMap<unknown, MarketState> = new Map([
  ['PREPRE', 'closed'],
  ['PRE', 'pre'],
  ['REGULAR', 'open'],
  ['POST', 'post'],
  ['POSTPOST', 'closed'],
  ['CLOSED', 'closed'],
  // The night between two sessions of American stocks: their exchanges are closed, and Yahoo names no price of the night.
  ['OVERNIGHT', 'closed'],
])
const ZERO = parseDecimal('0') as Decimal
const END_OF_TIME = parseDecimal('253402300800') as Decimal
const MAX_DIGITS = 40
const MAX_CURRENCY_LENGTH = 16
const MAX_TEXT_LENGTH = 200

/** The quotes of a reply's body, not yet parsed; undefined if the body is not a quote reply. */
export function yahooQuoteItems(body: Uint8Array): readonly unknown[] | undefined {
  const reply = jsonOf(body)
  const response = isRecord(reply) ? reply['quoteResponse'] : undefined
  const result = isRecord(response) ? response['result'] : undefined
  return Array.isArray(result) ? result : undefined
}

/** One result for each requested symbol. Quotes are matched by their own symbol, never by their order. */
export function parseYahooQuotes(reply: RawReply): readonly QuoteResult[] {
  const items = reply.status === 200 ? yahooQuoteItems(reply.body) : undefined
  if (items === undefined) {
    const unusable: Refusal = {
      code: 'provider_bad_data',
      why: `The reply (status ${reply.status}) contains no quotes`,
    }
    return reply.symbols.map((symbol) => refused(reply, symbol, unusable))
  }
  const answered = items.filter(isRecord).map((item) => ({ item, symbol: symbolFromYahoo(item['symbol']) }))
  // A symbol that is there twice: the last counts.
  const bySymbol = new Map(answered.map(({ item, symbol }) => [symbol, item]))
  const replacements = replacedBy(
    reply.symbols,
    answered.map(({ symbol }) => symbol),
  )
  return reply.symbols.map((symbol) => {
    const item = bySymbol.get(symbol)
    const quote = item
      ? quoteOf(item, symbol, reply.provider)
      : missing(replacements.has(symbol) ? replacements.get(symbol) : null)
    return 'code' in quote ? refused(reply, symbol, quote) : { symbol, quote, details: detailsOf(item) }
  })
}

type Answered = string | undefined

/**
 * What Yahoo answers in place of symbols that it has renamed. It keeps the order of the request: between two requested
 * symbols, the first one that is missing is taken for the first one that was not requested, and so on. The others are
 * missing for reasons of their own.
 */
function replacedBy(requested: readonly string[], answered: readonly Answered[]): ReadonlyMap<string, Answered> {
  const found = new Map<string, Answered>()
  let rest = [...answered]
  let missed: string[] = []
  const pair = (strangers: readonly Answered[]) => {
    for (const [at, symbol] of missed.slice(0, strangers.length).entries()) found.set(symbol, strangers[at])
    missed = []
  }
  for (const symbol of requested) {
    const at = rest.indexOf(symbol)
    if (at === -1 && !answered.includes(symbol)) missed.push(symbol)
    if (at === -1) continue
    pair(rest.slice(0, at).filter((one) => one === undefined || !requested.includes(one)))
    rest = rest.slice(at + 1)
  }
  pair(rest.filter((one) => one === undefined || !requested.includes(one)))
  return found
}

function detailsOf(item: Item | undefined): SymbolDetails | undefined {
  if (item === undefined) return undefined
  return {
    name: textOf(item['longName']) ?? textOf(item['shortName']),
    exchange: textOf(item['fullExchangeName']),
    exchangeCode: textOf(item['exchange']),
    type: textOf(item['quoteType'])?.toLowerCase() ?? null,
  }
}

/** The matches of a search reply, without companies that have no symbol; undefined if the body is not a search reply. */
export function parseYahooMatches(body: Uint8Array): readonly SymbolMatch[] | undefined {
  const reply = jsonOf(body)
  const found = isRecord(reply) ? reply['quotes'] : undefined
  if (!Array.isArray(found)) return undefined
  return found.filter(isRecord).flatMap((item) => {
    const symbol = symbolFromYahoo(item['symbol'])
    if (symbol === undefined) return []
    const providerSymbol = textOf(item['symbol']) ?? symbol
    const name = textOf(item['longname']) ?? textOf(item['shortname'])
    const exchange = textOf(item['exchDisp']) ?? textOf(item['exchange'])
    return [{ symbol, providerSymbol, name, exchange, kind: textOf(item['quoteType'])?.toLowerCase() ?? null }]
  })
}

function quoteOf(item: Item, symbol: string, provider: string): Quote | Refusal {
  if (item['quoteType'] === 'NONE') return { code: 'symbol_delisted', why: 'The symbol is no longer traded' }
  if (isAbsent(item['regularMarketPrice'])) return { code: 'no_price', why: 'The symbol exists, but has no price' }
  const price = priceOf(item['regularMarketPrice'])
  const eventTime = timeOf(item['regularMarketTime'])
  const currency = currencyOf(item['currency'])
  if (!price) return { code: 'provider_bad_data', why: 'The price is not a number' }
  if (!eventTime) return { code: 'provider_bad_data', why: 'The price has no valid time' }
  if (currency === undefined) return { code: 'provider_bad_data', why: 'The currency is not text' }
  return {
    symbol,
    provider,
    providerSymbol: textOf(item['symbol']) ?? symbol,
    currency,
    price,
    eventTime,
    marketState: stateOf(item),
    delaySeconds: delayOf(item['exchangeDataDelayedBy']),
    previousClose: closeOf(priceOf(item['regularMarketPreviousClose'])),
    extended: extendedOf(item, eventTime),
  }
}

/** A number, or Yahoo's `{raw, fmt}`. A quoted number is refused: its format is undefined. */
function priceOf(value: unknown): Decimal | undefined {
  return exactNumber(isRecord(value) ? value['raw'] : value)
}

/** Seconds since 1970. Milliseconds sent by mistake are out of range, or refused as a time in the future. */
function timeOf(value: unknown): Instant | undefined {
  const seconds = exactNumber(value)
  if (!seconds || compareDecimals(seconds, ZERO) <= 0 || compareDecimals(seconds, END_OF_TIME) >= 0) return undefined
  const micros = scaledInteger(seconds, 6)
  return micros > 0n ? instantFromMicros(micros) : undefined
}

function stateOf(item: Item): MarketState {
  if (item['quoteType'] === 'CRYPTOCURRENCY') return 'always'
  return STATES.get(item['marketState']) ?? 'unknown'
}

function delayOf(minutes: unknown): number | null {
  const delay = Math.round(Number(exactNumber(minutes) ?? Number.NaN) * 60)
  return delay >= 0 ? delay : null
}

/** The newest price outside the regular session, unless the regular price is newer. */
function extendedOf(item: Item, regularTime: Instant): ExtendedPrice | null {
  if (stateOf(item) === 'open') return null
  const sessions = (['pre', 'post'] as const).flatMap((session) => {
    const price = positive(priceOf(item[`${session}MarketPrice`]))
    const timestamp = timeOf(item[`${session}MarketTime`])
    if (!price || !timestamp || compareInstants(timestamp, regularTime) <= 0) return []
    return [{ price, timestamp, session }]
  })
  return sessions.toSorted((a, b) => compareInstants(b.timestamp, a.timestamp))[0] ?? null
}

/** Other figures are left out if they make no sense; they are no reason to refuse the price. */
function positive(decimal: Decimal | undefined): Decimal | null {
  return decimal && compareDecimals(decimal, ZERO) > 0 && digitCount(decimal) <= MAX_DIGITS ? decimal : null
}

/** As `positive`, within the bounds of a price. */
function closeOf(decimal: Decimal | undefined): Decimal | null {
  return decimal && wrongPrice(decimal) === undefined ? decimal : null
}

/** A name that is refused may come from the reply itself, so only a symbol of ours is named. */
function missing(replacement: Answered | null): Refusal {
  if (replacement === null) return { code: 'symbol_not_found', why: 'Unknown symbol' }
  return { code: 'provider_bad_data', why: `Yahoo answers ${replacement ?? 'something else'} instead` }
}

function refused({ provider }: RawReply, symbol: string, { code, why }: Refusal): QuoteResult {
  return { symbol, error: new ServiceError(code, `${provider}, ${symbol}: ${why}.`, { provider, symbol }) }
}

function jsonOf(body: Uint8Array): unknown {
  try {
    return parseExactJson(new TextDecoder().decode(body))
  } catch {
    return undefined
  }
}

/** As sent, `GBp` included; null if the quote names none. */
function currencyOf(value: unknown): string | null | undefined {
  if (isAbsent(value) || value === '') return null
  return typeof value === 'string' && value.length <= MAX_CURRENCY_LENGTH ? value : undefined
}

function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined
}

/** For people, and therefore without what no terminal or database takes. */
function textOf(value: unknown): string | null {
  return typeof value === 'string' ? plainText(value, MAX_TEXT_LENGTH) || null : null
}
