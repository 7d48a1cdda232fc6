import type pg from 'pg'
import type { Decimal } from '../../../src/lib/decimal.ts'
import { instantFromMillis, type Instant } from '../../../src/lib/instant.ts'
import { createStoreReply } from '../../../src/postgres/ingest/store-reply.ts'
import type { Quote, RawReply, RecordResult, StoreReply } from '../../../src/core/prices/quote.ts'
import { quoteOf } from '../../support/scripted-provider.ts'

/** Seconds after this moment, in the past and at a full hour. */
const START = Date.parse('2025-06-15T12:00:00Z')

export function second(at: number): Instant {
  return instantFromMillis(START + at * 1_000)
}

/** A price of a test; times are seconds, and the event is by default as old as its reply. */
export type Given = Partial<Pick<Quote, 'symbol' | 'providerSymbol' | 'currency' | 'marketState' | 'previousClose'>> & {
  readonly price?: string
  readonly event?: number
}

export function quote({ price = '1', event = 0, ...more }: Given): Quote {
  return { ...quoteOf({}), ...more, provider: 'scripted', price: price as Decimal, eventTime: second(event) }
}

/** A reply that was received `at` a second; its body differs from that of any other second. */
export function replyAt(at: number, symbols: readonly string[] = ['AAPL']): RawReply {
  const body = Buffer.from(`${at} ${symbols.join()}`)
  const request = { provider: 'scripted', symbols, request: 'GET /', status: 200, parserVersion: 1 }
  return { ...request, body, receivedAt: second(at) }
}

/** Stores prices as one reply. */
export function storing(pool: pg.Pool, store: StoreReply = createStoreReply(pool)) {
  return async (at: number, ...given: Given[]): Promise<readonly RecordResult[]> => {
    const quotes = given.map((one) => quote({ event: at, ...one }))
    return store(
      replyAt(
        at,
        quotes.map(({ symbol }) => symbol),
      ),
      quotes.map((one) => ({ symbol: one.symbol, quote: one })),
    )
  }
}

export function outcomesOf(results: readonly RecordResult[]): string[] {
  return results.map((result) => ('outcome' in result ? result.outcome : result.error.code))
}
