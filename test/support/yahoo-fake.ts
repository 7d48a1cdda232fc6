import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { text } from 'node:stream/consumers'

/** A request as Yahoo would receive it, with the original host. */
type AskedOfYahoo = {
  readonly method: string
  readonly host: string
  readonly path: string
  readonly query: URLSearchParams
  readonly cookie: string
  readonly body: string
}

export type YahooAnswer = {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: string | Uint8Array
  /** Sends what is given, and then nothing forever. */
  readonly hang?: boolean
}

type YahooHandler = (asked: AskedOfYahoo) => YahooAnswer | Promise<YahooAnswer>

export type YahooFake = {
  /** The base URL of the provider. */
  readonly url: string
  /** Every request, in order. */
  readonly asked: readonly AskedOfYahoo[]
  /** The number of requests of a path. */
  count(path: string): number
  /** Overrides the response of a path, on every host. */
  answer(path: string, handler: YahooHandler): void
  /** Sets the quote of a symbol (in Yahoo's spelling) as JSON text, so that every digit goes over the wire. */
  quote(symbol: string, quoted: string): void
  /** Invalidates every crumb that was issued. */
  rotateCrumb(): void
}

export const QUOTE_PATH = '/v7/finance/quote'
export const CRUMB_PATH = '/v1/test/getcrumb'
export const PAGE_PATH = '/quote/AAPL'
export const SEARCH_PATH = '/v1/finance/search'

/** A quote in Yahoo's format; the price is JSON source text. */
export function yahooQuote(symbol: string, price: string, more: Readonly<Record<string, unknown>> = {}): string {
  const known = {
    symbol,
    quoteType: 'EQUITY',
    currency: 'USD',
    regularMarketTime: 1_750_019_427,
    marketState: 'REGULAR',
  }
  const rest = JSON.stringify({ ...known, exchangeDataDelayedBy: 0, ...more })
  return `${rest.slice(0, -1)},"regularMarketPrice":${price}}`
}

export function quoteReply(quotes: readonly string[]): string {
  return `{"quoteResponse":{"result":[${quotes.join(',')}],"error":null}}`
}

/** A server on a free port that behaves like Yahoo: no quotes without its cookie and crumb. It stops when the test ends. */
export async function createYahooFake(t: TestContext): Promise<YahooFake> {
  const asked: AskedOfYahoo[] = []
  const quotes = new Map<string, string>()
  const handlers = new Map<string, YahooHandler>()
  let crumb = 1
  handlers.set(PAGE_PATH, () => ({
    headers: {
      'content-type': 'text/html',
      'set-cookie': 'A3=d=fake; Max-Age=31536000; Domain=.yahoo.com; Path=/; Secure',
    },
    // The real page has megabytes; a client must not wait for its end.
    body: '<!DOCTYPE html>',
    hang: true,
  }))
  handlers.set(CRUMB_PATH, ({ cookie }) => (cookie.includes('A3=') ? { body: `crumb${crumb}` } : { status: 401 }))
  handlers.set(QUOTE_PATH, ({ query, cookie }) => {
    if (query.get('crumb') !== `crumb${crumb}` || !cookie.includes('A3=')) return INVALID_CRUMB
    const symbols = (query.get('symbols') ?? '').split(',')
    return json(quoteReply(symbols.flatMap((symbol) => quotes.get(symbol) ?? [])))
  })
  const server = createServer((request, response) => {
    void answer(request, response, async (one) => {
      asked.push(one)
      return (await handlers.get(one.path)?.(one)) ?? { status: 404, body: '{}' }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    count: (path) => asked.filter((one) => one.path === path).length,
    answer: (path, handler) => void handlers.set(path, handler),
    quote: (symbol, quoted) => void quotes.set(symbol, quoted),
    rotateCrumb: () => void crumb++,
  }
}

export function json(body: string, status = 200): YahooAnswer {
  return { status, body, headers: { 'content-type': 'application/json;charset=utf-8' } }
}

export const INVALID_CRUMB = json(
  '{"finance":{"result":null,"error":{"code":"Unauthorized","description":"Invalid Crumb"}}}',
  401,
)

async function answer(request: IncomingMessage, response: ServerResponse, handle: YahooHandler): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://fake')
  const {
    status = 200,
    headers = {},
    body = '',
    hang = false,
  } = await handle({
    method: request.method ?? '',
    host: String(request.headers['x-forwarded-host']),
    path: url.pathname,
    query: url.searchParams,
    cookie: request.headers.cookie ?? '',
    body: await text(request),
  })
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  response.writeHead(status)
  if (hang) response.write(body)
  else response.end(body)
}
