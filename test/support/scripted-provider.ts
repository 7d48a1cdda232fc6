import { setTimeout as wait } from 'node:timers/promises'
import { ServiceError } from '../../src/errors.ts'
import { instantFromMillis, parseInstant, type Instant } from '../../src/lib/instant.ts'
import type { Decimal } from '../../src/lib/decimal.ts'
import type { Quote, QuoteResult, RegisteredProvider, SymbolMatch } from '../../src/core/prices/quote.ts'

/** A price as a test specifies it. */
export type GivenPrice = { symbol: string; price: string; time: string; currency: string; receivedAt: string }

export type ScriptedProvider = RegisteredProvider & {
  /** The symbols of every request so far. */
  readonly asked: readonly string[][]
  /** Sets the quote or the error of a symbol from now on; the default is 100 USD at the current time. */
  says(symbol: string, answer: Partial<Quote> | ServiceError): void
  /** Makes searches find exactly these; the default is the query itself. */
  finds(...matches: SymbolMatch[]): void
  /** Makes every request fail from now on; undefined ends that. */
  fails(error: ServiceError | undefined): void
  /** Sets the duration of every request. */
  takes(ms: number): void
}

/** A provider that a test controls. */
export function createScriptedProvider(): ScriptedProvider {
  const asked: string[][] = []
  const script = new Map<string, Partial<Quote> | ServiceError>()
  let failure: ServiceError | undefined
  let delayMs = 0
  let found: readonly SymbolMatch[] | undefined
  return {
    name: 'scripted',
    description: 'Returns what the test specified.',
    parserVersion: 1,
    maxBatch: 50,
    capabilities: { quotes: true, bars: false, stream: false, search: true },
    advisedIntervalSeconds: 10,
    asked,
    says: (symbol, answer) => void script.set(symbol, answer),
    finds: (...matches) => void (found = matches),
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
      return (
        found ?? [
          { symbol: query.toUpperCase(), providerSymbol: query, name: `${query} Inc.`, exchange: 'X', kind: 'equity' },
        ]
      )
    },
  }
}

function resultOf(symbol: string, answer: Partial<Quote> | ServiceError = {}): QuoteResult {
  if (answer instanceof ServiceError) return { symbol, error: answer }
  return { symbol, quote: { ...quoteOf({ symbol, price: '100' }), ...answer } }
}

/** A quote with defaults: AAPL for 196.45 USD at the current time. */
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
  if (instant === undefined) throw new Error(`not an instant: ${text}`)
  return instant
}
