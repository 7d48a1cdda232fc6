import { setTimeout as wait } from 'node:timers/promises'
import { ServiceError } from '../../src/errors.ts'
import { instantFromMillis, parseInstant, type Instant } from '../../src/lib/instant.ts'
import type { Decimal } from '../../src/lib/decimal.ts'
import type { Quote, QuoteResult, RegisteredProvider } from '../../src/core/prices/quote.ts'

/** A price as a test writes it. */
export type GivenPrice = { symbol: string; price: string; time: string; currency: string; receivedAt: string }

export type ScriptedProvider = RegisteredProvider & {
  /** Every request that was made, as the symbols it asked for. */
  readonly asked: readonly string[][]
  /** What the provider says of a symbol from now on; 100 USD of this moment where nothing is said. */
  says(symbol: string, answer: Partial<Quote> | ServiceError): void
  /** The whole provider fails with it from now on; undefined heals it. */
  fails(error: ServiceError | undefined): void
  /** Every request takes so long. */
  takes(ms: number): void
}

/** Other people's system, as a test wants it to be. */
export function createScriptedProvider(): ScriptedProvider {
  const asked: string[][] = []
  const script = new Map<string, Partial<Quote> | ServiceError>()
  let failure: ServiceError | undefined
  let delayMs = 0
  return {
    name: 'scripted',
    description: 'Says what the test wrote.',
    parserVersion: 1,
    maxBatch: 50,
    capabilities: { quotes: true, bars: false, stream: false, search: true },
    advisedIntervalSeconds: 10,
    asked,
    says: (symbol, answer) => void script.set(symbol, answer),
    fails: (error) => void (failure = error),
    takes: (ms) => void (delayMs = ms),
    fetchReply: async (symbols) => {
      asked.push([...symbols])
      if (delayMs > 0) await wait(delayMs)
      if (failure) throw failure
      return {
        provider: 'scripted',
        symbols,
        request: `GET https://scripted.example/quote?symbols=${symbols.join(',')}`,
        status: 200,
        body: Buffer.from(JSON.stringify(symbols)),
        receivedAt: instantFromMillis(Date.now()),
        parserVersion: 1,
      }
    },
    parseReply: (reply) => reply.symbols.map((symbol) => resultOf(symbol, script.get(symbol))),
    searchSymbols: async (query) => {
      if (failure) throw failure
      return [
        { symbol: query.toUpperCase(), providerSymbol: query, name: `${query} Inc.`, exchange: 'X', kind: 'equity' },
      ]
    },
  }
}

function resultOf(symbol: string, answer: Partial<Quote> | ServiceError = {}): QuoteResult {
  if (answer instanceof ServiceError) return { symbol, error: answer }
  return { symbol, quote: { ...quoteOf({ symbol, price: '100' }), ...answer } }
}

/** A quote of AAPL for 196.45 USD, made now, in all that is not given. */
export function quoteOf({ symbol = 'AAPL', price = '196.45', time, currency = 'USD' }: Partial<GivenPrice>): Quote {
  return {
    symbol,
    provider: 'scripted',
    providerSymbol: symbol,
    currency,
    price: price as Decimal,
    eventTime: time ? instantOf(time) : instantFromMillis(Date.now()),
    marketState: 'open',
    delaySeconds: 0,
    previousClose: null,
    extended: null,
  }
}

export function instantOf(text: string): Instant {
  const instant = parseInstant(text)
  if (instant === undefined) throw new Error(`no time: ${text}`)
  return instant
}
