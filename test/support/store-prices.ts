import type { StoreReply } from '../../src/core/prices/quote.ts'
import { instantFromMillis } from '../../src/lib/instant.ts'
import { instantOf, quoteOf, type GivenPrice } from './scripted-provider.ts'

/** Stores each price with a response of its own, in the given order. */
export async function storePrices(record: StoreReply, prices: readonly Partial<GivenPrice>[]): Promise<void> {
  for (const given of prices) {
    const quote = quoteOf(given)
    const receivedAt = given.receivedAt ? instantOf(given.receivedAt) : instantFromMillis(Date.now())
    const reply = {
      provider: quote.provider,
      symbols: [quote.symbol],
      request: `GET https://scripted.example/quote?symbols=${quote.symbol}`,
      status: 200,
      body: Buffer.from(JSON.stringify({ symbol: quote.symbol, price: quote.price })),
      receivedAt,
      parserVersion: 1,
    }
    await record(reply, [{ symbol: quote.symbol, quote }])
  }
}
