import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { YahooAnswer, YahooFake } from './yahoo-fake.ts'

/** One exchange with the real Yahoo, as a file of the shared fixtures keeps it. */
export type Recording = {
  readonly name: string
  readonly method: string
  readonly url: URL
  readonly answer: YahooAnswer
  /** The recorded body, parsed; undefined where it is no JSON. */
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
/** They speak of the bytes on the wire then, not of the decoded text that was kept. */
const WIRE_HEADERS = /^(content-length|content-encoding|transfer-encoding|connection)$/i

/** Why the recordings cannot be used here, or false: the value for a test's `skip`. */
export const recordingsAbsent = existsSync(ROOT) ? false : 'The shared fixtures are not beside this checkout.'

/** Every recording below a folder of the fixtures whose name begins as said. */
export function recordings(folder: string, prefix = ''): readonly Recording[] {
  const names = readdirSync(join(ROOT, folder)).filter((name) => name.startsWith(prefix))
  return names.toSorted().map((name) => read(join(ROOT, folder, name), name))
}

/** A body that was typed from a public report. */
export function transcribed(name: string): string {
  return readFileSync(join(ROOT, 'errors-transcribed', name), 'utf8')
}

/** Makes the stand-in answer as recorded, by method, path and query (the crumb aside). */
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
