import { signal } from '@preact/signals'
import type { Call } from './document.ts'

/** The API key for all calls of this page; kept in memory only. */
export const apiKey = signal('')

export type Values = Readonly<Record<string, string>>
/** A request as a person filled it in. */
export type Filled = { readonly call: Call; readonly values: Values; readonly body: string }

export type Answer = {
  readonly status: number
  readonly type: string
  readonly text: string
  readonly bytes: number
  readonly ms: number
}

/** Relative, so that it holds under any prefix. */
function addressOf({ call, values }: Filled): string {
  const given = (call.parameters ?? []).filter(({ name }) => (values[name] ?? '') !== '')
  const query = given.filter((one) => one.in === 'query').map(({ name }) => [name, values[name] ?? ''])
  const path = call.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ''))
  return `${path.slice(1) || './'}${query.length > 0 ? `?${new URLSearchParams(query)}` : ''}`
}

function headersOf({ call, values, body }: Filled): Record<string, string> {
  const given = (call.parameters ?? []).filter((one) => one.in === 'header' && (values[one.name] ?? '') !== '')
  return {
    ...Object.fromEntries(given.map(({ name }) => [name, values[name] ?? ''])),
    ...(apiKey.value !== '' && { 'X-API-Key': apiKey.value }),
    ...(call.requestBody && body !== '' && { 'Content-Type': 'application/json' }),
  }
}

/** The same request for a terminal. */
export function curlLine(filled: Filled): string {
  const { call, body } = filled
  const address = new URL(addressOf(filled), document.baseURI).href
  const parts = [
    'curl',
    ...(call.method === 'GET' ? [] : ['-X', call.method]),
    quoted(address),
    ...Object.entries(headersOf(filled)).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...(call.requestBody && body !== '' ? [`-d ${quoted(body.replaceAll(/\s*\n\s*/g, ' '))}`] : []),
  ]
  return parts.join(' ')
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}

const TIMEOUT_MS = 30_000

/** Sends it. @throws if the service does not respond */
export async function send(filled: Filled): Promise<Answer> {
  const { call, body } = filled
  const startedAt = performance.now()
  const response = await fetch(addressOf(filled), {
    method: call.method,
    headers: headersOf(filled),
    cache: 'no-store',
    signal: AbortSignal.timeout(TIMEOUT_MS),
    ...(call.requestBody && body !== '' && { body }),
  })
  const bytes = await response.arrayBuffer()
  const type = response.headers.get('content-type') ?? ''
  const text = type.startsWith('application/octet-stream') ? '' : new TextDecoder().decode(bytes)
  return { status: response.status, type, text, bytes: bytes.byteLength, ms: performance.now() - startedAt }
}

/** Reads JSON. @throws if the service refuses */
export async function readJson(path: string): Promise<unknown> {
  const headers = apiKey.value === '' ? {} : { 'X-API-Key': apiKey.value }
  const response = await fetch(path, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) })
  if (!response.ok) throw new Error(`${response.status}`)
  return response.json()
}
