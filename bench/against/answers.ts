import { randomInt } from 'node:crypto'
import fc from 'fast-check'
import { documentedRequests } from '../../test/support/openapi-requests.ts'
import type { Json } from '../../test/support/http-service.ts'
import { startServer, type Database } from '../postgres.ts'
import { OURS, startService } from '../service.ts'
import { furnish, type Furnished } from './answers-data.ts'
import { ask, comparable, type Answer, type Asked } from './answer.ts'
import { allowedBecause } from './allowed-differences.ts'
import { checkOut, migrateOf } from './checkout.ts'
import { differences, reportOf, type Difference } from './differences.ts'

type Options = { readonly quick: boolean; readonly seed: string | undefined }

const REQUESTS = { full: 20_000, quick: 300 }
/** Work in the background may be done a little later in one service than in the other. */
const TRIES = 4
const PAUSE_MS = 250

/**
 * Sends generated requests, good, odd and bad, to this version and to another one, each on a copy of the same data and with
 * a clock that stands still, and prints which responses differ. Sets the exit code if one differs that is not allowed.
 */
export async function compareAnswers(commit: string, { quick, seed: given }: Options): Promise<void> {
  const seed = given === undefined ? randomInt(2 ** 31) : Number(given)
  const count = quick ? REQUESTS.quick : REQUESTS.full
  using checkout = checkOut(commit)
  await using stack = new AsyncDisposableStack()
  const server = stack.use(await startServer())
  const original = await server.createDatabase(await migrateOf(checkout.folder))
  const frozenAt = Math.floor(Date.now() / 1_000) * 1_000
  const furnished = await furnish(original, (database) => startFrozen(database, { folder: checkout.folder, frozenAt }))
  const copy = await server.copyDatabase(original)
  const before = stack.use(await startFrozen(original, { folder: checkout.folder, frozenAt }))
  const now = stack.use(await startFrozen(copy, { folder: OURS, frozenAt }))
  console.log(`${count} requests with seed ${seed}`)
  const found: Difference[] = []
  for (const request of await generate(before.url, furnished, { seed, count })) {
    found.push(...(await compareOne(request, before.url, now.url)))
  }
  const [allowed, wrong] = [found.filter(allowedBecause), found.filter((one) => !allowedBecause(one))]
  console.log(reportOf(wrong, allowed, count))
  if (wrong.length > 0) process.exitCode = 1
}

type Version = { readonly folder: string; readonly frozenAt: number }

function startFrozen({ url }: Database, { folder, frozenAt }: Version) {
  const clock = new URL('frozen-clock.js', import.meta.url).href
  const frozen = { NODE_OPTIONS: `--import ${clock}`, FROZEN_AT: String(frozenAt) }
  const settings = { DATABASE_URL: url, DEFAULT_PROVIDER: 'simulated', RATE_LIMIT: '1000000', LOG_LEVEL: 'fatal' }
  return startService({ ...frozen, ...settings }, folder)
}

async function compareOne(request: Asked, before: string, now: string): Promise<readonly Difference[]> {
  let found: readonly Difference[] = []
  for (let left = isRead(request) ? TRIES : 1; left > 0; left--) {
    const answers: [Answer, Answer] = await Promise.all([ask(before, request), ask(now, request)])
    found = differences(request, ...(answers.map(comparable) as [Answer, Answer]))
    if (found.every(allowedBecause)) return found
    if (left > 1) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
  return found
}

function isRead({ method }: Asked): boolean {
  return method === 'GET' || method === 'HEAD'
}

type Sampling = { readonly seed: number; readonly count: number }

/** Requests of every operation of the other version's document, some of them with odd headers, methods, keys or paths. */
async function generate(url: string, { known, key }: Furnished, { seed, count }: Sampling): Promise<readonly Asked[]> {
  const { text } = await ask(url, { method: 'GET', path: '/openapi.json', headers: keyed(key) })
  const document: Json = JSON.parse(text)
  const oddly = fc.record({
    request: documentedRequests(document, known),
    headers: fc.oneof(
      { weight: 6, arbitrary: fc.constant({}) },
      { weight: 4, arbitrary: fc.constantFrom(...ODD_HEADERS) },
    ),
    method: fc.oneof(
      { weight: 19, arbitrary: fc.constant(undefined) },
      fc.constantFrom('HEAD', 'OPTIONS', 'PUT', 'PATCH'),
    ),
    path: fc.oneof(
      { weight: 19, arbitrary: fc.constant('') },
      fc.constantFrom('/', 'x', '/x', '?', '&symbol=AAPL', '&a=%zz'),
    ),
    key: fc.oneof(
      { weight: 18, arbitrary: fc.constant(keyed(key)) },
      fc.constantFrom({}, keyed(`${key}x`), { 'x-api-key': key }),
    ),
  })
  return fc.sample(oddly, { seed, numRuns: count }).map(({ request, headers, method, path, key: credential }) => ({
    method: method ?? request.method,
    path: request.path + path,
    headers: { ...request.headers, ...headers, ...credential },
    body: method === undefined ? bodyOf(request.body) : undefined,
  }))
}

function keyed(key: string): Record<string, string> {
  return { authorization: `Bearer ${key}` }
}

function bodyOf(body: unknown): string | undefined {
  return typeof body === 'string' ? body : JSON.stringify(body)
}

const ODD_HEADERS: readonly Record<string, string>[] = [
  { accept: 'text/csv' },
  { accept: 'text/html' },
  { accept: '*/*' },
  { 'accept-encoding': 'gzip' },
  { 'accept-encoding': 'br, gzip' },
  { 'accept-encoding': 'identity;q=0' },
  { host: 'elsewhere.example' },
  { origin: 'https://elsewhere.example' },
  { 'sec-fetch-site': 'cross-site' },
  { 'content-type': 'text/plain' },
  { 'content-type': 'application/json' },
  { 'x-request-id': 'given' },
  { connection: 'close' },
  { cookie: 'market_data_session=x' },
]
