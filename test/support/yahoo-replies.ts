import type { QuoteProvider } from '../../src/core/prices/quote.ts'
import { instantFromMillis } from '../../src/lib/instant.ts'
import { yahooParser } from '../../src/providers/yahoo/provider.ts'

/** From now on the provider replies with the body of the moment, read by the real parser of Yahoo. */
export function replyAsYahoo(source: QuoteProvider, bodyOf: () => string): void {
  const fetchReply: QuoteProvider['fetchReply'] = async (symbols) => ({
    provider: source.name,
    symbols,
    request: 'GET /',
    status: 200,
    body: Buffer.from(bodyOf()),
    receivedAt: instantFromMillis(Date.now()),
    parserVersion: yahooParser.parserVersion,
  })
  Object.assign(source, { ...yahooParser, fetchReply })
}
