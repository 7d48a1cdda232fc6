import { ServiceError, type ErrorCode } from '../../errors.ts'
import type { RetryAfter } from './retry-after.ts'

export type HttpReply = { readonly status: number; readonly headers: Headers; readonly body: Uint8Array }

type HttpRequest = {
  readonly method?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: string | undefined
  /** `manual` returns a redirect to the caller; `follow` follows it within the provider's own hosts. */
  readonly redirect: 'follow' | 'manual'
  /** A longer body is an error; 0 reads only the headers. */
  readonly maxBytes: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Sends a request to a provider. Every status below 500, except 429, is a reply.
 * @throws ServiceError `provider_unavailable`, `provider_timeout`, `provider_rate_limited`, or `provider_bad_data` for a
 * body that is too long or an address outside the provider's hosts; the signal's reason if it is aborted
 */
export type HttpClient = (url: string, request: HttpRequest) => Promise<HttpReply>

type Needs = {
  readonly provider: string
  /** Requests go to no other host, whatever a redirect says. */
  readonly hosts: ReadonlySet<string>
  /** Sends all requests here instead, for proxies and tests; a header names the real host. */
  readonly baseUrl?: string | undefined
  readonly fetch?: typeof fetch | undefined
  readonly timeoutMs: number
  readonly retryAfter: RetryAfter
}

type Exchange = { readonly needs: Needs; readonly request: HttpRequest; readonly signal: AbortSignal }

const MAX_REDIRECTS = 3

/** An HTTP client for one provider: with a timeout, a size limit, a list of hosts and the provider's own rate limit. */
export function createHttpClient(needs: Needs): HttpClient {
  return async (url, request) => {
    const timeout = AbortSignal.timeout(needs.timeoutMs)
    const signal = request.signal ? AbortSignal.any([request.signal, timeout]) : timeout
    try {
      return await follow(url, { needs, request, signal })
    } catch (error) {
      request.signal?.throwIfAborted()
      if (error instanceof ServiceError) throw error
      if (timeout.aborted) throw failure(needs, 'provider_timeout', `did not answer within ${needs.timeoutMs} ms`)
      const { provider } = needs
      const message = `${provider} cannot be reached${reasonOf(error)}.`
      throw new ServiceError('provider_unavailable', message, { provider, cause: error })
    }
  }
}

/** What `fetch` says when a proxy does not connect, with its status: 407 is a wrong password. */
const PROXY_REFUSAL = /^Proxy response \((\d{3})\)/

/** The system's error code, as ` (ENOTFOUND)`; `fetch` hides it in the cause of its own error. */
function reasonOf(error: unknown): string {
  const { code, cause, message } = error as { code?: unknown; cause?: unknown; message?: unknown }
  const [, status] = PROXY_REFUSAL.exec(String(message)) ?? []
  if (status !== undefined) return `: the proxy answers with status ${status}`
  if (typeof code === 'string') return ` (${code})`
  return cause instanceof Error ? reasonOf(cause) : ''
}

async function follow(url: string, exchange: Exchange): Promise<HttpReply> {
  const { needs, request } = exchange
  let target = new URL(url)
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const response = await send(target, exchange)
    const location = response.headers.get('location')
    if (request.redirect === 'manual' || location === null || response.status < 300 || response.status > 399) {
      return { status: response.status, headers: response.headers, body: await readBody(response, exchange) }
    }
    await response.body?.cancel()
    target = new URL(location, target)
  }
  throw failure(needs, 'provider_bad_data', 'redirected too many times')
}

async function send(target: URL, exchange: Exchange): Promise<Response> {
  const { needs, signal } = exchange
  if (target.protocol !== 'https:' || !needs.hosts.has(target.host)) {
    throw failure(needs, 'provider_bad_data', 'redirected to a host that is not its own')
  }
  needs.retryAfter.assertAllowed()
  const fetchOnce = needs.fetch ?? fetch
  const address = needs.baseUrl === undefined ? target.href : rebased(target, needs.baseUrl)
  const init = initOf(target, exchange)
  const response = await fetchOnce(address, init).catch((error: unknown) => {
    // Usually a kept-alive connection that the server has closed.
    if (signal.aborted) throw error
    return fetchOnce(address, init)
  })
  if (response.status !== 429 && response.status < 500) return response
  await response.body?.cancel()
  if (response.status === 429) throw needs.retryAfter.pause(response.headers)
  throw failure(needs, 'provider_unavailable', `answered with status ${response.status}`)
}

function initOf(target: URL, { needs, request, signal }: Exchange): RequestInit {
  const { method = 'GET', body = null } = request
  const realHost = needs.baseUrl === undefined ? {} : { 'x-forwarded-host': target.host }
  return { method, body, headers: { ...request.headers, ...realHost }, redirect: 'manual', signal }
}

function rebased(target: URL, baseUrl: string): string {
  return `${baseUrl.replace(/\/+$/, '')}${target.pathname}${target.search}`
}

async function readBody(response: Response, { needs, request }: Exchange): Promise<Uint8Array> {
  if (request.maxBytes === 0) {
    await response.body?.cancel()
    return new Uint8Array()
  }
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > request.maxBytes) throw failure(needs, 'provider_bad_data', `sent more than ${request.maxBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function failure({ provider }: Needs, code: ErrorCode, what: string): ServiceError {
  return new ServiceError(code, `${provider} ${what}.`, { provider })
}
