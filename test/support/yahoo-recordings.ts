import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { YahooAnswer, YahooFake } from './yahoo-fake.ts'

/** A recorded exchange with the real Yahoo, as stored in a file of the shared fixtures. */
export type Recording = {
  readonly name: string
  readonly method: string
  readonly url: URL
  readonly answer: YahooAnswer
  /** The recorded body, parsed; undefined if it is not JSON. */
  readonly json: unknown
}

type Stored = {
  request: { url: string; method?: string }
  response: {
    status: number
    headers: Record<string, string | string[]>
    bodyJson?: unknown
    bodyText?: string
    body?: string
  }
}

const ROOT = join(import.meta.dirname, '../../../shared/fixtures/yfinance')
/** Headers that describe the bytes on the wire, not the decoded text that was recorded. */
const WIRE_HEADERS = /^(content-length|content-encoding|transfer-encoding|connection)$/i

/** Why the recordings are not available, or false: the value of a test's `skip`. */
export const recordingsAbsent = existsSync(ROOT) ? false : 'The shared fixtures are not beside this checkout.'

/** Every recording in a folder of the fixtures whose name begins with a prefix. */
export function recordings(folder: string, prefix = ''): readonly Recording[] {
  const names = readdirSync(join(ROOT, folder)).filter((name) => name.startsWith(prefix))
  return names.toSorted().map((name) => read(join(ROOT, folder, name), name))
}

/** A body that was copied by hand from a public report. */
export function transcribed(name: string): string {
  return readFileSync(join(ROOT, 'errors-transcribed', name), 'utf8')
}

/** Makes the fake respond as recorded, by method, path and query (ignoring the crumb). */
export function replayRecordings(fake: YahooFake, exchanges: readonly Recording[]): void {
  const answers = new Map(
    exchanges.map((one) => [keyOf(one.method, one.url.pathname, one.url.searchParams), one.answer]),
  )
  for (const { url } of exchanges) {
    fake.answer(url.pathname, ({ method, path, query }) => answers.get(keyOf(method, path, query)) ?? NOT_RECORDED)
  }
}

const NOT_RECORDED: YahooAnswer = { status: 418, body: 'Not recorded.' }

function keyOf(method: string, path: string, query: URLSearchParams): string {
  const rest = new URLSearchParams(query)
  rest.delete('crumb')
  return `${method} ${path}?${rest.toString()}`
}

function read(file: string, name: string): Recording {
  const { request, response } = JSON.parse(readFileSync(file, 'utf8')) as Stored
  const body =
    response.bodyJson === undefined ? (response.bodyText ?? response.body ?? '') : JSON.stringify(response.bodyJson)
  const headers = Object.entries(response.headers).filter(([header]) => !WIRE_HEADERS.test(header))
  return {
    name,
    method: request.method ?? (name.includes('Submit') ? 'POST' : 'GET'),
    url: new URL(request.url),
    answer: { status: response.status, headers: Object.fromEntries(headers), body },
    json: response.bodyJson ?? (body.startsWith('{') ? JSON.parse(body) : undefined),
  }
}
