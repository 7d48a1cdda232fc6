import { ServiceError } from '../../errors.ts'
import type { Clock } from '../../lib/clock.ts'
import { parseDecimal } from '../../lib/decimal.ts'
import { instantFromMillis, parseInstant } from '../../lib/instant.ts'
import type { MarketState, QuoteResult, RawReply } from '../../core/prices/quote.ts'

/** One quote of a local reply: prices are text, so that no digit is lost; a null price means that there is none yet. */
export type LocalQuote = {
  readonly symbol: string
  readonly price: string | null
  readonly timestamp: string | null
  readonly currency: string | null
  readonly previous_close?: string
  readonly market_state?: MarketState
  readonly delay_seconds?: number
}

type LocalBody = { readonly provider: string; readonly note: string; readonly quotes: readonly LocalQuote[] }

type LocalRequest = { readonly symbols: readonly string[]; readonly request: string; readonly parserVersion: number }

/** The reply of a provider inside this process. It is stored and verified like the reply of a remote one. */
export function localReply(body: LocalBody, request: LocalRequest, clock: Clock): RawReply {
  return {
    provider: body.provider,
    ...request,
    status: 200,
    body: new TextEncoder().encode(JSON.stringify(body)),
    receivedAt: instantFromMillis(clock.now()),
  }
}

/** Reads what `localReply` wrote. */
export function parseLocalReply(reply: RawReply): readonly QuoteResult[] {
  const { quotes } = JSON.parse(new TextDecoder().decode(reply.body)) as LocalBody
  const bySymbol = new Map(quotes.map((quote) => [quote.symbol, quote]))
  return reply.symbols.map((symbol) => quoteResult(reply.provider, symbol, bySymbol.get(symbol)))
}

/** The quote of one line, or the error that explains why there is none. */
export function quoteResult(provider: string, symbol: string, line: LocalQuote | undefined): QuoteResult {
  const refuse = (code: 'symbol_not_found' | 'no_price' | 'provider_bad_data', message: string): QuoteResult => {
    return { symbol, error: new ServiceError(code, message, { provider, symbol }) }
  }
  if (line === undefined) return refuse('symbol_not_found', `${provider} does not know ${symbol}.`)
  if (line.price === null) return refuse('no_price', `${provider} has no price for ${symbol} yet.`)
  const price = parseDecimal(line.price)
  const eventTime = parseInstant(line.timestamp ?? '')
  if (!price || !eventTime) return refuse('provider_bad_data', `${provider} has no valid price for ${symbol}.`)
  const quote = {
    symbol,
    provider,
    providerSymbol: symbol,
    currency: line.currency,
    price,
    eventTime,
    marketState: line.market_state ?? 'unknown',
    delaySeconds: line.delay_seconds ?? null,
    previousClose: parseDecimal(line.previous_close ?? '') ?? null,
    extended: null,
  }
  return { symbol, quote }
}
