import type { Problem } from './answers.ts'
import { parseAnswer } from './decimal.ts'

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

type Options = {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/** Longer than the service waits for a provider. */
const TIMEOUT_MS = 20_000

/**
 * One request to the service that gave us this page; the caller names what comes back.
 * @throws RequestError, or the signal's own reason
 */
export async function ask<T>(path: string, { method = 'GET', body, headers = {}, signal }: Options = {}): Promise<T> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS)
  const answer = await send(path, {
    method,
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    cache: 'no-store',
    headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  if (answer.status === 204) return undefined as T
  if (answer.ok) return parse(answer.text) as T
  throw refusal(answer)
}

/** The parameters that are there, as a query. */
export function query(parameters: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  )
  return `?${new URLSearchParams(given)}`
}

type Answer = { readonly status: number; readonly ok: boolean; readonly text: string }

async function send(path: string, init: RequestInit & { signal: AbortSignal }): Promise<Answer> {
  try {
    const response = await fetch(path, init)
    return { status: response.status, ok: response.ok, text: await response.text() }
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new RequestError('unreachable', 'The service does not answer.')
  }
}

function parse(text: string): unknown {
  try {
    return parseAnswer(text)
  } catch {
    throw new RequestError('unreadable', 'The service sent an unexpected response.')
  }
}

/** Whatever is not a problem of ours comes from something between us and the service. */
function refusal({ status, text }: Answer): RequestError {
  try {
    const problem = JSON.parse(text) as Problem
    if (typeof problem.code === 'string') return new RequestError(problem.code, problem.detail, problem)
  } catch {
    // Told below.
  }
  return new RequestError('unreachable', `The service does not answer (${status}).`)
}
