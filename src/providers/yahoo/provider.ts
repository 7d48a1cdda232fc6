import type { Clock } from '../../lib/clock.ts'
import { ServiceError, withDetails } from '../../errors.ts'
import { instantFromMillis } from '../../lib/instant.ts'
import type { QuoteProvider } from '../../core/prices/quote.ts'
import type { ReplyParser } from '../transport/provider-definition.ts'
import { createCircuitBreaker, type ProviderLog } from '../transport/circuit-breaker.ts'
import { createHttpClient, type HttpReply } from '../transport/http-client.ts'
import { createRetryAfter } from '../transport/retry-after.ts'
import { withTimeLimit } from '../transport/time-limit.ts'
import { YAHOO_HOSTS, createYahooClient } from './client.ts'
import { parseYahooMatches, parseYahooQuotes, yahooQuoteItems } from './parse.ts'
import { yahooSymbol } from './symbol.ts'

type Needs = {
  readonly clock: Clock
  readonly baseUrl?: string | undefined
  readonly fetch?: typeof fetch | undefined
  /** Of each request. A call that has to sign in first sends several, and takes at most three times as long. */
  readonly timeoutMs?: number | undefined
  readonly log?: ProviderLog | undefined
}

const NAME = 'yfinance'
const PARSER_VERSION = 1
const DEFAULT_TIMEOUT_MS = 10_000
const QUOTE_ADDRESS = 'https://query2.finance.yahoo.com/v7/finance/quote'

export const yahooParser: ReplyParser = { parserVersion: PARSER_VERSION, parseReply: parseYahooQuotes }

/** Yahoo Finance, through yahoo-finance2: an unofficial API without a key, so requests are sent sparingly. */
export function createYahoo({ clock, log, timeoutMs = DEFAULT_TIMEOUT_MS, ...needs }: Needs): QuoteProvider {
  const retryAfter = createRetryAfter({ provider: NAME, clock })
  const http = createHttpClient({ ...needs, provider: NAME, hosts: YAHOO_HOSTS, timeoutMs, retryAfter })
  const client = createYahooClient(http)
  const circuit = createCircuitBreaker({ provider: NAME, clock, log })
  const guarded = <T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> =>
    circuit(() => withTimeLimit({ provider: NAME, ms: 3 * timeoutMs, signal }, work).catch(named))
  return {
    name: NAME,
    description: 'Yahoo Finance: stocks, funds, indices, currencies and cryptocurrencies. No key, no official limits.',
    ...yahooParser,
    maxBatch: 100,
    advisedIntervalSeconds: 15,
    fetchReply: async (symbols, signal) => {
      const spelled = symbols.map(yahooSymbol)
      const { status, body } = await guarded(signal, async (limited) =>
        usable(await client.quote(spelled, limited), yahooQuoteItems),
      )
      const request = `GET ${QUOTE_ADDRESS}?symbols=${spelled.map(encodeURIComponent).join(',')}`
      const receivedAt = instantFromMillis(clock.now())
      return { provider: NAME, symbols, request, status, body, receivedAt, parserVersion: PARSER_VERSION }
    },
    searchSymbols: async (query, signal) => {
      const { body } = await guarded(signal, async (limited) =>
        usable(await client.search(query, limited), parseYahooMatches),
      )
      const matches = parseYahooMatches(body)
      if (!matches) throw badData()
      return matches
    },
  }
}

/** Other refusals (400, 404) may be caused by the request itself: only its caller sees them, and they open no circuit. */
function usable(reply: HttpReply, read: (body: Uint8Array) => unknown): HttpReply {
  if (reply.status === 403) throw new ServiceError('provider_unavailable', 'Yahoo refused the request (status 403).')
  if (reply.status === 200 && read(reply.body) === undefined) throw badData()
  return reply
}

function badData(): ServiceError {
  return new ServiceError('provider_bad_data', 'Unexpected response from Yahoo.', { provider: NAME })
}

/** Adds the provider's name, which the client does not know, to the details of an error. */
function named(error: unknown): never {
  throw error instanceof ServiceError ? withDetails(error, { provider: NAME }) : error
}
