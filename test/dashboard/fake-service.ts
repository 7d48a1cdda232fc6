import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Job, Symbol as SymbolEntry } from '../../dashboard/api/schemas.ts'

const pageFolder = join(import.meta.dirname, '../../dist/dashboard')
const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
}

export type FakeSymbol = Partial<SymbolEntry> & {
  readonly symbol: string
  readonly price?: string
  readonly previous_close?: string
  readonly currency?: string
  readonly market_state?: string
  readonly freshness?: string
}
export type FakeJob = Job

/** What the service answers; a test may change it while the page is open. */
export type FakeState = {
  symbols: readonly FakeSymbol[]
  jobs: FakeJob[]
  scopes: readonly string[]
  /** What a search finds besides the stored symbols, by the text in lower case. */
  found: Readonly<Record<string, readonly { symbol: string; name: string }[]>>
  providers: readonly Record<string, unknown>[]
  /** Replaces the answer of a call, by method and path. */
  answers: Record<string, (body: Record<string, unknown>) => readonly [status: number, body: unknown]>
}

/** One request of the page. */
export type Seen = { readonly call: string; readonly query: URLSearchParams; readonly body: Record<string, unknown> }

/** The calls of the service that the page makes, answered from memory: thousands of symbols cost no database. */
export async function createFakeService(t: TestContext, given: Partial<FakeState> = {}) {
  const service = await startFakeService(given)
  t.after(service.close)
  return service
}

/** The same, for a caller that is no test. */
export async function startFakeService(given: Partial<FakeState> = {}) {
  const state: FakeState = {
    symbols: [],
    jobs: [],
    scopes: ['read', 'write', 'admin'],
    found: {},
    providers: [PROVIDER],
    answers: {},
    ...given,
  }
  const seen: Seen[] = []
  const server = createServer((request, response) => void answer({ request, response }, state, seen))
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, state, seen, close }
}

const PROVIDER = {
  provider: 'simulated',
  description: 'Prices that are made up.',
  is_default: true,
  can_search: true,
  capabilities: { quotes: true, bars: false, stream: false, search: true },
  can_be_polled: true,
  max_batch: 500,
  advised_interval_seconds: 1,
  parser_version: 1,
  requests: { today: { question: 12, job: 1_234_567, rate_limited: 3 }, hours: [] },
}

type Exchange = { readonly request: IncomingMessage; readonly response: ServerResponse }

async function answer({ request, response }: Exchange, state: FakeState, seen: Seen[]): Promise<void> {
  const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://fake')
  const call = `${request.method} ${pathname}`
  if (call === 'GET /prices/stream') return void response.writeHead(200, EVENTS).write('retry: 1000\n\n')
  if (call === 'GET /' || pathname.startsWith('/assets/')) return sendFile(response, pathname)
  const body = await bodyOf(request)
  seen.push({ call, query, body })
  const [status, sent] = state.answers[call]?.(body) ?? answerOf(call, { query, body, state })
  response.writeHead(status, { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' })
  response.end(sent === undefined ? undefined : JSON.stringify(sent))
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return JSON.parse(text || '{}') as Record<string, unknown>
}

const EVENTS = { 'content-type': 'text/event-stream' }

function sendFile(response: ServerResponse, path: string): void {
  const file = path === '/' ? 'index.html' : path
  response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'text/html; charset=utf-8' })
  response.end(readFileSync(join(pageFolder, file)))
}

type Asked = {
  readonly query: URLSearchParams
  readonly body: Record<string, unknown>
  readonly state: FakeState
}

function answerOf(call: string, asked: Asked): readonly [number, unknown] {
  const [, jobId = '', part] = /\/prices\/poll\/([^/]+)(?:\/(\w+))?$/.exec(call) ?? []
  if (jobId !== '') return answerOfJob(call.split(' ')[0] ?? '', { jobId, part }, asked)
  return CALLS[call]?.(asked) ?? [404, { code: 'not_found', detail: `No ${call}.` }]
}

const EMPTY = { data: [], next_cursor: null, next_url: null }

const CALLS: Readonly<Record<string, (asked: Asked) => readonly [number, unknown]>> = {
  'GET /session': ({ state }) => [200, { key_id: null, scopes: state.scopes }],
  'GET /providers': ({ state }) => [200, { ...EMPTY, data: state.providers }],
  'GET /health': ({ state }) => [200, healthOf(state)],
  'GET /symbols': ({ query, state }) => [200, pageOf(symbolsOf(query, state), query)],
  'GET /prices/latest': ({ query, state }) => [200, { data: latestOf(query, state) }],
  'GET /prices/history': () => [200, EMPTY],
  'GET /moving-averages': () => [200, EMPTY],
  'GET /prices/poll': ({ query, state }) => listJobs(query, state),
  'POST /prices/poll': ({ body, state }) => [202, created(body, state)],
}

function answerOfJob(method: string, { jobId, part }: { jobId: string; part: string | undefined }, asked: Asked) {
  const { body, state } = asked
  const at = state.jobs.findIndex((job) => job.job_id === jobId)
  const job = state.jobs[at]
  if (job === undefined) return [404, { code: 'not_found', detail: 'No such job.' }] as const
  if (part === 'runs')
    return [200, { data: [job.last_run, RUN].filter(Boolean), next_cursor: null, next_url: null }] as const
  if (method === 'DELETE') {
    state.jobs = state.jobs.toSpliced(at, 1)
    return [204, undefined] as const
  }
  const changed = { ...job, ...body } as FakeJob
  state.jobs = state.jobs.with(at, changed)
  return [200, changed] as const
}

const RUN = {
  started_at: '2026-01-02T03:04:05.000Z',
  finished_at: '2026-01-02T03:04:05.250Z',
  outcome: 'failed',
  error: { code: 'provider_timeout', detail: 'simulated did not answer within 10 s.' },
}

function listJobs(query: URLSearchParams, state: FakeState): readonly [number, unknown] {
  const [q, status] = [query.get('q')?.toUpperCase(), query.get('status')]
  if (q && q.length > 40) return [422, { code: 'invalid_request', detail: 'q: must be text of 1 to 40 characters.' }]
  const found = state.jobs.filter((job) => (!q || job.symbol.includes(q)) && (!status || job.status === status))
  return [200, pageOf(found, query)]
}

function pageOf<T>(items: readonly T[], query: URLSearchParams) {
  const start = Number(query.get('cursor') ?? 0)
  const end = start + Number(query.get('limit') ?? 100)
  return { data: items.slice(start, end), next_cursor: end < items.length ? String(end) : null, next_url: null }
}

function symbolsOf(query: URLSearchParams, { symbols, found }: FakeState): readonly unknown[] {
  const q = query.get('q')
  const stored = symbols.filter(({ symbol }) => q === null || symbol.includes(q.toUpperCase()))
  const searched = found[q?.toLowerCase() ?? ''] ?? []
  return [...stored.map((one) => symbolBody(one, true)), ...searched.map((one) => symbolBody(one, false))]
}

function symbolBody({ symbol, ...given }: Partial<FakeSymbol> & { symbol: string }, is_stored: boolean): unknown {
  const unknown = { name: null, exchange: null, kind: null, last_price_at: null }
  return { symbol, provider: 'simulated', provider_symbol: symbol, is_stored, ...unknown, ...given }
}

function latestOf(query: URLSearchParams, { symbols }: FakeState): readonly unknown[] {
  const wanted = new Set(query.get('symbols')?.split(','))
  return symbols
    .filter(({ symbol, provider = 'simulated' }) => wanted.has(symbol) && provider === query.get('provider'))
    .map(priceOf)
}

function priceOf({ symbol, provider = 'simulated', price = '100', previous_close = '99', ...rest }: FakeSymbol) {
  const timestamp = new Date(Date.now() - 1_000).toISOString()
  return {
    symbol,
    price: Number(price),
    timestamp,
    provider,
    currency: rest.currency ?? 'USD',
    raw_response_id: '1',
    received_at: timestamp,
    confirmed_at: timestamp,
    age_ms: 1_000,
    market_state: rest.market_state ?? 'always',
    delay_seconds: null,
    freshness: rest.freshness ?? 'fresh',
    price_id: `1-${symbol}`,
    provider_symbol: symbol,
    previous_close: Number(previous_close),
  }
}

function created({ symbol, symbols, interval_seconds }: Record<string, unknown>, state: FakeState): unknown {
  const wanted = (symbols ?? [symbol]) as string[]
  const jobs = wanted.map((one) => jobOf(one, { interval_seconds: Number(interval_seconds) }))
  state.jobs = [...state.jobs, ...jobs]
  return { message: '', job_ids: [], status: 'accepted', config: {}, jobs }
}

/** A job of a symbol, active unless stated otherwise. */
export function jobOf(symbol: string, given: Partial<FakeJob> = {}): FakeJob {
  const now = new Date().toISOString()
  return {
    job_id: `job-${symbol}`,
    symbol,
    provider: 'simulated',
    interval_seconds: 60,
    status: 'active',
    next_run_at: now,
    last_run: { started_at: now, finished_at: now, outcome: 'recorded' },
    failures: 0,
    market_hours: 'always',
    paused_reason: null,
    created_at: now,
    ...given,
  }
}

function healthOf({ providers }: FakeState): unknown {
  return {
    status: 'ok',
    average_windows: [5],
    pipeline: { log: { end: '1', lag_seconds: 0, held_by: null }, averages: { lag_seconds: 0, is_late: false } },
    leases: [],
    providers: providers.map(({ provider }) => ({
      provider,
      requests: 12_345,
      failures: 0,
      failures_in_a_row: 0,
      last_success_at: new Date().toISOString(),
      last_error: null,
      newest: null,
      series: 0,
      jobs: 0,
      failing_jobs: 0,
    })),
  }
}
