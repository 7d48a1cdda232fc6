import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { measured, serverMeters, type Pids } from './cpu.ts'
import { fillReferenceTables, startReference } from './reference.ts'
import { startServer } from './postgres.ts'
import { firstMatch, startProgram, wrk, type Process } from './processes.ts'
import { interleaveSamples, type Sample, type Scale } from './interleave.ts'
import { startService, type Service } from './service.ts'
import type { Figure, Peer } from './table.ts'

const ROUTE = '/prices/latest'
const PATH = `${ROUTE}?symbol=AAPL&provider=simulated`
const REFERENCE_PATH = `${ROUTE}?symbol=AAPL&provider=yfinance`
const CONNECTIONS = 16

const BARE = new URL('peers/bare.ts', import.meta.url)
const FRAMEWORK = new URL('peers/fastify.ts', import.meta.url)

/** So that the limit is checked for each request, but never reached. */
const RATE_LIMIT = '1000000'

type Headers = Readonly<Record<string, string>>

/** A server that responds to the path, and what each request to it carries. */
type Target = Pids & { readonly url: string; readonly headers?: Headers }

/**
 * Responses per second for a stored, fresh price, from this machine and with a key. We validate the request, read the price
 * and compute its age; bare node:http and a single Fastify route send the same headers and bytes unconditionally; the
 * reference reads its newest row.
 */
export async function measureLatest(scale: Scale): Promise<readonly Figure[]> {
  await using stack = new AsyncDisposableStack()
  const open = withEmbedded(stack.use(await startService()))
  const keyed = stack.use(await startKeyedService())
  const [template, keyedTemplate] = [await templateOf(open), await templateOf(keyed)]
  const bare = stack.use(await startPeer(BARE, template))
  const keyedBare = stack.use(await startPeer(BARE, keyedTemplate))
  const framework = stack.use(await startPeer(FRAMEWORK, template))
  const server = stack.use(await startServer())
  const database = await server.createDatabase()
  const reference = stack.use(await startReference({ databaseUrl: database.url }))
  await fillReferenceTables(database, 10_000)
  const samples = await interleaveSamples(scale, {
    open: () => requestHot(open, scale),
    keyed: () => requestHot(keyed, scale),
    bare: () => request(bare, scale),
    keyedBare: () => request(keyedBare, scale),
    framework: () => request(framework, scale),
    reference: () => request({ ...reference, ...database, url: reference.url + REFERENCE_PATH }, scale),
  })
  const [hot, hotKeyed] = [figureOf('hot /prices/latest', samples.open), figureOf('the same with a key', samples.keyed)]
  return [
    { ...hot, peer: peerOf('bare node:http', samples.bare, 0.75) },
    { ...hotKeyed, peer: peerOf('bare node:http', samples.keyedBare, 0.55) },
    { ...hot, peer: peerOf('one Fastify route', samples.framework) },
    { ...hot, peer: peerOf('reference (FastAPI)', samples.reference, 80) },
  ]
}

/** The price must be fresh, or the provider would be queried. */
export async function requestHot(target: Target, scale: Scale): Promise<Sample> {
  await ask(target, `${PATH}&max_age=0`)
  return request({ ...target, url: target.url + PATH }, scale)
}

function request(target: Target, { seconds }: Scale): Promise<Sample> {
  const { url, headers = {} } = target
  return measured(serverMeters(target), () => wrk(url, { connections: CONNECTIONS, seconds, headers }))
}

function figureOf(what: string, { figure, cpu }: Sample): Figure {
  return { what, unit: 'responses/s', ours: figure, cpu }
}

function peerOf(name: string, { figure, cpu }: Sample, atLeast?: number): Peer {
  return { name, theirs: figure, cpu, ...(atLeast === undefined ? {} : { target: { atLeast } }) }
}

/** A service whose PostgreSQL is embedded. */
export function withEmbedded(service: Service): Service & Target {
  return { ...service, postmaster: service.pid }
}

/** A service that only callers with a key may use, and a key of it. */
export async function startKeyedService(folder?: string): Promise<Service & Target> {
  const service = await startService(({ dataDir }) => ({ FIRST_KEY_FILE: keyFile(dataDir), RATE_LIMIT }), folder)
  const key = readFileSync(keyFile(service.dataDir), 'utf8').trim()
  return { ...withEmbedded(service), headers: { authorization: `Bearer ${key}` } }
}

function keyFile(dataDir: string): string {
  return join(dataDir, 'first-key')
}

async function ask({ url, headers = {} }: Target, path: string): Promise<Response> {
  const response = await fetch(url + path, { headers })
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
  return response
}

/** What a peer sends to every request: a response of ours. */
async function templateOf(target: Target) {
  await ask(target, `${PATH}&max_age=0`)
  const response = await ask(target, PATH)
  return { path: ROUTE, headers: repeatable(response.headers), body: await response.text() }
}

/** Headers that each server adds itself. */
const OWN = new Set(['date', 'connection', 'keep-alive'])

function repeatable(headers: globalThis.Headers): Headers {
  return Object.fromEntries([...headers].filter(([name]) => !OWN.has(name)))
}

async function startPeer(program: URL, template: object): Promise<Process & Target> {
  const peer = await startProgram([process.execPath, fileURLToPath(program), JSON.stringify(template)])
  return { ...peer, url: (await firstMatch(peer, /(http.+)/)) + PATH }
}
