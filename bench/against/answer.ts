import { once } from 'node:events'
import { Agent, request, type IncomingMessage } from 'node:http'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'

export type Asked = {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | undefined
}

export type Answer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Decoded; empty for a stream of events, which never ends. */
  readonly text: string
}

/** A connection for each request: one that the server closes must not fail the next request. */
const agent = new Agent({ keepAlive: false })

/** Sends a request without changing it, as `fetch` would. A response that breaks off has the status 0. */
export async function ask(url: string, asked: Asked): Promise<Answer> {
  return send(url, asked).catch((error: unknown) => ({ status: 0, headers: {}, text: String(error) }))
}

async function send(url: string, { method, path, headers, body }: Asked): Promise<Answer> {
  const { hostname, port } = new URL(url)
  const typed = body === undefined ? {} : { 'content-type': 'application/json' }
  const sent = request({ agent, hostname, port, method, path, headers: { ...typed, ...headers } })
  // It may come after the response, which then breaks off.
  sent.on('error', () => {})
  sent.end(body)
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  const found = Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)]))
  return { status: response.statusCode ?? 0, headers: found, text: await textOf(response) }
}

async function textOf(response: IncomingMessage): Promise<string> {
  if (response.headers['content-type']?.startsWith('text/event-stream')) {
    response.destroy()
    return ''
  }
  const bytes = Buffer.concat(await response.toArray())
  const encoding = bytes.length === 0 ? undefined : response.headers['content-encoding']
  if (encoding === 'br') return brotliDecompressSync(bytes).toString()
  return (encoding === 'gzip' ? gunzipSync(bytes) : bytes).toString()
}

/** Ids, dates and encodings differ between two services that are equal, and so does how a connection is kept. */
const VARYING_HEADERS = new Set([
  'x-request-id',
  'date',
  'etag',
  'last-modified',
  'content-encoding',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'set-cookie',
])

/** What the database's clock, the load or chance decides. */
const VARYING_MEMBERS =
  /^(?:.*(?:age|lag|ahead|uptime|latency|duration)(?:_ms|_seconds|s)?|.*_(?:ms|bytes)|request_id|(?:computed|recorded|received|created|started|finished|confirmed|used|requested|fetched|last_used|saved|next_run|last_run|last_success|since)(?:_at)?|pid|version|commit|node|holder)$/

/** The answer without what may differ. */
export function comparable({ status, headers, text }: Answer): Answer {
  const kept = Object.entries(headers)
    .filter(([name]) => !VARYING_HEADERS.has(name))
    .map(([name, value]) => [name, isCounting(name) ? value.replaceAll(/\d+/g, 'N') : withoutIds(value)])
  return { status, headers: Object.fromEntries(kept), text: comparableText(text, headers['content-type'] ?? '') }
}

/** These count seconds by a clock that never stands still. */
function isCounting(name: string): boolean {
  return name === 'ratelimit' || name === 'retry-after'
}

function comparableText(text: string, type: string): string {
  if (/json/.test(type)) return withoutIds(comparableJson(text))
  // Of the metrics only which there are.
  if (text.startsWith('# HELP')) return [...new Set(text.match(/^# .*$/gm))].toSorted().join('\n')
  return withoutIds(text)
}

/** Numbers as they are written: a price has more digits than a float. */
function comparableJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text, keep), undefined, 1)
  } catch {
    return text
  }
}

function keep(name: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (VARYING_MEMBERS.test(name) && value !== null && typeof value !== 'object') return `any ${typeof value}`
  return typeof value === 'number' ? `number ${context?.source}` : value
}

function withoutIds(text: string): string {
  return (
    text
      .replaceAll(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'UUID')
      .replaceAll(/\bmds_live_\w+/g, 'SECRET')
      // A position in the log: transactions of the background count too.
      .replaceAll(/\b1-\d{3,}-\d+\b/g, 'POSITION')
      .replaceAll(/127\.0\.0\.1:\d+/g, 'HOST')
  )
}
