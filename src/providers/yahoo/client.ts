import { ServiceError } from '../../errors.ts'
import type { HttpClient, HttpReply } from '../transport/http-client.ts'

/** Yahoo's replies, unchanged. yahoo-finance2 does the sign-in without which Yahoo does not answer. */
type YahooClient = {
  /** Symbols in Yahoo's spelling. */
  quote(symbols: readonly string[], signal: AbortSignal): Promise<HttpReply>
  search(query: string, signal: AbortSignal): Promise<HttpReply>
}

/** yahoo-finance2 with its own cookie jar, and therefore its own crumb. */
type Library = Awaited<ReturnType<typeof openLibrary>>
type Call = (library: Library, options: { fetch: typeof fetch; validateResult: false }) => Promise<unknown>

export const YAHOO_HOSTS: ReadonlySet<string> = new Set([
  'query1.finance.yahoo.com',
  'query2.finance.yahoo.com',
  'finance.yahoo.com',
  'guce.yahoo.com',
  'consent.yahoo.com',
])
const DATA_PATHS: ReadonlySet<string> = new Set(['/v7/finance/quote', '/v1/finance/search'])
const MAX_DATA_BYTES = 4 * 1024 * 1024
const MAX_SIGN_IN_BYTES = 1024 * 1024
const MATCHES = 10
const CRUMB = /^\S{1,20}$/
const SILENT = { info: noop, warn: noop, error: noop, debug: noop, dir: noop }

/**
 * The library handles cookies, consent, the crumb and the request. The reply does not depend on it: its text is kept before
 * the library converts numbers to floats and validates whole batches. A crumb that Yahoo rejects costs one new sign-in.
 * @throws ServiceError as `HttpClient` does, and `provider_unavailable` if the sign-in fails
 */
export function createYahooClient(request: HttpClient): YahooClient {
  let current: Promise<Library> | undefined
  const send = async (call: Call, signal: AbortSignal): Promise<HttpReply> => {
    for (let attempt = 1; attempt <= 2; attempt++) {
      const used = (current ??= openLibrary())
      const reply = await replyTo(call, { library: await used, request, signal })
      if (!rejectsCrumb(reply)) return reply
      // The library would send the rejected crumb forever. Another caller may have replaced it during the wait.
      if (current === used) current = undefined
    }
    throw new ServiceError('provider_unavailable', 'Yahoo rejects requests even after a new sign-in.')
  }
  return {
    quote: (symbols, signal) => send((library, options) => library.quote([...symbols], {}, options), signal),
    search: (query, signal) => {
      const parameters = { quotesCount: MATCHES, newsCount: 0 }
      return send((library, options) => library.search(query, parameters, options), signal)
    },
  }
}

/** Loaded with the first request, so that a start does not wait for it. */
async function openLibrary() {
  const [{ default: createYahooFinance }, { default: quote }, { default: search }, { ExtendedCookieJar }] =
    await Promise.all([
      import('yahoo-finance2/createYahooFinance'),
      import('yahoo-finance2/modules/quote'),
      import('yahoo-finance2/modules/search'),
      import('yahoo-finance2/lib/cookieJar'),
    ])
  const YahooFinance = createYahooFinance({ modules: { quote, search } })
  return new YahooFinance({
    cookieJar: new ExtendedCookieJar(),
    logger: SILENT,
    suppressNotices: ['yahooSurvey'],
    // Otherwise it requests its newest version from the package registry.
    versionCheck: false,
  })
}

type Exchange = { readonly library: Library; readonly request: HttpClient; readonly signal: AbortSignal }

/**
 * The reply to the one data request of a call. The library runs the sign-in of all callers on the `fetch` of the first, so
 * requests of the sign-in do not use this caller's signal.
 */
async function replyTo(call: Call, { library, request, signal }: Exchange): Promise<HttpReply> {
  let reply: HttpReply | undefined
  const libraryFetch = async (url: string, init: RequestInit): Promise<Response> => {
    if (!DATA_PATHS.has(new URL(url).pathname)) return signIn(url, init, request)
    reply = await request(url, { ...requestOf(init), redirect: 'follow', maxBytes: MAX_DATA_BYTES, signal })
    // For any other status the library would print the address, crumb included.
    if (reply.status !== 200) throw new Error('The library must not read this reply.')
    return new Response(reply.body)
  }
  try {
    await call(library, { fetch: libraryFetch as typeof fetch, validateResult: false })
  } catch (error) {
    // Once the reply is here, errors of the library do not matter.
    if (reply === undefined) throw signInFailure(error)
  }
  if (reply === undefined) throw new ServiceError('internal', 'yahoo-finance2 returned without sending a request.')
  return reply
}

/** One step of the sign-in. The quote page is requested only for its cookies, and its megabytes are not downloaded. */
async function signIn(url: string, init: RequestInit, request: HttpClient): Promise<Response> {
  const { hostname, pathname } = new URL(url)
  const maxBytes = hostname === 'finance.yahoo.com' ? 0 : MAX_SIGN_IN_BYTES
  const { status, headers, body } = await request(url, { ...requestOf(init), redirect: 'manual', maxBytes })
  const text = new TextDecoder().decode(body)
  if (pathname.endsWith('/getcrumb') && (status !== 200 || !CRUMB.test(text))) {
    // The library forgets an error, but it would keep `Too Many Requests` with status 200 as the crumb.
    throw new ServiceError('provider_unavailable', `Yahoo returned no crumb (status ${status}).`)
  }
  return new Response(text === '' ? null : text, { status, headers })
}

/** Without the library's own options, which `fetch` does not know. */
function requestOf({ method, headers, body }: RequestInit) {
  return { method, headers: headers as Record<string, string>, body: body as string | undefined }
}

function rejectsCrumb({ status, body }: HttpReply): boolean {
  return status === 401 || (body.length < 1000 && /invalid (crumb|cookie)/i.test(new TextDecoder().decode(body)))
}

function signInFailure(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error
  return new ServiceError('provider_unavailable', 'The sign-in to Yahoo failed.', { cause: error })
}

function noop(): void {}
