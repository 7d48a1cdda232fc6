import type { Calls } from './calls.ts'
import { parseExactJson } from './exact-json.ts'
import type { Problem } from './schemas.ts'

/** The service refused, did not respond (`unreachable`), or sent what is not JSON (`unreadable`). */
export class RequestError extends Error {
  readonly code: string
  readonly problem: Problem | undefined

  constructor(code: string, detail: string, problem?: Problem) {
    super(detail)
    this.name = 'RequestError'
    this.code = code
    this.problem = problem
  }
}

type Call = keyof Calls
type Sending = { readonly headers?: Readonly<Record<string, string>>; readonly signal?: AbortSignal }
type Options<C extends Call> = Omit<Calls[C], 'answer'> & Sending

/** Parameters of a query; undefined ones are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>
type AnyOptions = Sending & {
  readonly path?: Readonly<Record<string, string>>
  readonly query?: Query
  readonly body?: unknown
}

/** Longer than the service waits for a provider. */
const TIMEOUT_MS = 20_000

/**
 * One request to the service that served this page.
 * @throws RequestError, or the signal's own reason
 */
export async function request<C extends Call>(call: C, options: Options<C>): Promise<Calls[C]['answer']>
export async function request(call: string, { path, query, body, headers, signal }: AnyOptions): Promise<unknown> {
  const [method = 'GET', template = '/'] = call.split(' ')
  const timeout = AbortSignal.timeout(TIMEOUT_MS)
  const response = await send(urlOf(template, path) + (query ? queryText(query) : ''), {
    method,
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    cache: 'no-store',
    headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  if (response.status === 204) return undefined
  if (response.ok) return parse(response.text)
  throw toRequestError(response)
}

export type FileStart = { readonly bytes: Uint8Array; readonly isWhole: boolean }

/** The first bytes of a file; the rest is not transferred. @throws RequestError, or the signal's own reason */
export async function readStart(path: string, maxBytes: number, signal: AbortSignal): Promise<FileStart> {
  const response = await reach(() => fetch(path, { signal, cache: 'no-store' }))
  if (!response.ok) throw toRequestError({ status: response.status, ok: false, text: await response.text() })
  const bytes = await reach(() => bytesOf(response.body, maxBytes + 1))
  return { bytes: bytes.subarray(0, maxBytes), isWhole: bytes.length <= maxBytes }
}

async function bytesOf(body: Response['body'], maxBytes: number): Promise<Uint8Array> {
  if (body === null) return new Uint8Array()
  const reader = body.getReader()
  const bytes = new Uint8Array(maxBytes)
  let length = 0
  while (length < maxBytes) {
    const { done, value } = await reader.read()
    if (done) break
    const chunk = value.subarray(0, maxBytes - length)
    bytes.set(chunk, length)
    length += chunk.length
  }
  void reader.cancel()
  return bytes.subarray(0, length)
}

/** The defined parameters as a query, with its question mark. */
export function queryText(query: Query): string {
  const defined = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]))
  return `?${new URLSearchParams(defined)}`
}

/** Relative, so that it holds under any prefix of a proxy. */
function urlOf(template: string, path: Readonly<Record<string, string>> = {}): string {
  return template.slice(1).replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(path[name] ?? ''))
}

type ReadResponse = { readonly status: number; readonly ok: boolean; readonly text: string }

async function send(url: string, init: RequestInit): Promise<ReadResponse> {
  return reach(async () => {
    const response = await fetch(url, init)
    return { status: response.status, ok: response.ok, text: await response.text() }
  })
}

/** @throws RequestError `unreachable` if the exchange fails, or the signal's own reason */
async function reach<T>(exchange: () => Promise<T>): Promise<T> {
  try {
    return await exchange()
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new RequestError('unreachable', 'The service is not responding.')
  }
}

function parse(text: string): unknown {
  try {
    return parseExactJson(text)
  } catch {
    throw new RequestError('unreadable', 'The service sent an unexpected response.')
  }
}

/** An error that is not a problem document comes from a proxy between the page and the service. */
function toRequestError({ status, text }: ReadResponse): RequestError {
  try {
    const problem = JSON.parse(text) as Problem
    if (typeof problem.code === 'string') return new RequestError(problem.code, problem.detail, problem)
  } catch {
    // Not JSON: reported below.
  }
  return new RequestError('unreachable', `The service is not responding (${status}).`)
}
