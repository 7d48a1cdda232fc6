import { ServiceError } from '../../errors.ts'
import type { HttpClient, HttpReply } from '../transport/http-client.ts'

/** Yahoo's replies as they came; yahoo-finance2 does what must be done before Yahoo answers at all. */
type YahooClient = {
  /** Symbols in Yahoo's spelling. */
  quote(symbols: readonly string[], signal: AbortSignal): Promise<HttpReply>
  search(query: string, signal: AbortSignal): Promise<HttpReply>
}

/** yahoo-finance2 with a cookie jar, and so a crumb, of its own. */
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
 * Cookies, consent, crumb and the request are the library's; the reply never depends on it: its text is kept before
 * the library's floats and its validation of whole batches. A crumb that Yahoo no longer takes costs one new sign-in.
 * @throws ServiceError as `HttpClient` does, and `provider_unavailable` where Yahoo does not let us in
 */
export function createYahooClient(request: HttpClient): YahooClient {
  let current: Promise<Library> | undefined
  const ask = async (call: Call, signal: AbortSignal): Promise<HttpReply> => {
    for (let attempt = 1; attempt <= 2; attempt++) {
      const used = (current ??= openLibrary())
      const reply = await replyTo(call, { library: await used, request, signal })
      if (!refusesCrumb(reply)) return reply
      // The library would send the refused crumb for ever. Others may have replaced it while we waited.
      if (current === used) current = undefined
    }
    throw new ServiceError('provider_unavailable', 'Yahoo refuses us, also after a new sign-in.')
  }
  return {
    quote: (symbols, signal) => ask((library, options) => library.quote([...symbols], {}, options), signal),
    search: (query, signal) => {
      const wanted = { quotesCount: MATCHES, newsCount: 0 }
      return ask((library, options) => library.search(query, wanted, options), signal)
    },
  }
}

/** Loaded at the first request: starting the service does not wait for it. */
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
    // Else it asks the package registry for newer versions of itself.
    versionCheck: false,
  })
}

type Asking = { readonly library: Library; readonly request: HttpClient; readonly signal: AbortSignal }

/**
 * The reply to the one request of a call that asks for data. The library runs the sign-in of all callers on the `fetch`
 * of the first, so what belongs to the sign-in knows nothing of this caller's signal.
 */
async function replyTo(call: Call, { library, request, signal }: Asking): Promise<HttpReply> {
  let reply: HttpReply | undefined
  const libraryFetch = async (url: string, init: RequestInit): Promise<Response> => {
    if (!DATA_PATHS.has(new URL(url).pathname)) return signIn(url, init, request)
    reply = await request(url, { ...asked(init), redirect: 'follow', maxBytes: MAX_DATA_BYTES, signal })
    // Of anything else than a success the library would print the address, crumb included.
    if (reply.status !== 200) throw new Error('Nothing for the library to read.')
    return new Response(reply.body)
  }
  try {
    await call(library, { fetch: libraryFetch as typeof fetch, validateResult: false })
  } catch (error) {
    // What the library thinks of a reply that we have does not matter.
    if (reply === undefined) throw signInFailure(error)
  }
  if (reply === undefined) throw new ServiceError('internal', 'yahoo-finance2 answered without asking.')
  return reply
}

/** A step on the way to a crumb. The quote page is only visited for its cookies: its megabytes are not loaded. */
async function signIn(url: string, init: RequestInit, request: HttpClient): Promise<Response> {
  const { hostname, pathname } = new URL(url)
  const maxBytes = hostname === 'finance.yahoo.com' ? 0 : MAX_SIGN_IN_BYTES
  const { status, headers, body } = await request(url, { ...asked(init), redirect: 'manual', maxBytes })
  const text = new TextDecoder().decode(body)
  if (pathname.endsWith('/getcrumb') && (status !== 200 || !CRUMB.test(text))) {
    // An error is not remembered; `Too Many Requests` with status 200 would be, as the crumb.
    throw new ServiceError('provider_unavailable', `Yahoo gave no crumb (status ${status}).`)
  }
  return new Response(text === '' ? null : text, { status, headers })
}

/** The library also hands over options of its own, which are none of `fetch`. */
function asked({ method, headers, body }: RequestInit) {
  return { method, headers: headers as Record<string, string>, body: body as string | undefined }
}

function refusesCrumb({ status, body }: HttpReply): boolean {
  return status === 401 || (body.length < 1000 && /invalid (crumb|cookie)/i.test(new TextDecoder().decode(body)))
}

function signInFailure(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error
  return new ServiceError('provider_unavailable', 'Yahoo’s sign-in did not go as expected.', { cause: error })
}

function noop(): void {}
