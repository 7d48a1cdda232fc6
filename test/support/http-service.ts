import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { FastifyInstance } from 'fastify'
import type pg from 'pg'
import { pino } from 'pino'
import { createKeys, type IssuedKey, type Keys, type Scope } from '../../src/core/access/key.ts'
import { systemClock as clock } from '../../src/lib/clock.ts'
import { ServiceError } from '../../src/errors.ts'
import { createProviderStats, type ProviderStats } from '../../src/core/health/provider-stats.ts'
import { createKeySecret } from '../../src/core/access/secret.ts'
import { createAccess, type AccessOptions } from '../../src/http/access/authorize.ts'
import { createApi, type ApiDeps } from '../../src/http/api.ts'
import { createReadAverageLines, createReadAverages } from '../../src/postgres/averages/averages.ts'
import { createReadNewestAverage } from '../../src/postgres/averages/newest.ts'
import { createRecompute } from '../../src/postgres/averages/recompute.ts'
import { createReadHistory } from '../../src/postgres/prices/history.ts'
import { createRequestCounts } from '../../src/core/health/provider-requests.ts'
import { createAcceptJobs } from '../../src/core/polling/accept-jobs.ts'
import { createJobs } from '../../src/postgres/polling/jobs.ts'
import { createKeyTable, createReadCredentials, createSessions } from '../../src/postgres/access/api-keys.ts'
import { createReadLatest } from '../../src/postgres/prices/latest.ts'
import { createReadLineage, createReadRawBody, createReadRawResponse } from '../../src/postgres/prices/lineage.ts'
import { createReadAdditions } from '../../src/postgres/log/additions.ts'
import { createReadLog, logEnd, readHighWaterMark } from '../../src/postgres/log/log.ts'
import { poolUse } from '../../src/postgres/connection/pool.ts'
import { createStoreReply } from '../../src/postgres/ingest/store-reply.ts'
import { createRequestTable } from '../../src/postgres/health/provider-requests.ts'
import { createReadProviderStatus, createReadServiceStatus } from '../../src/postgres/health/status.ts'
import { createFindStoredSymbols } from '../../src/postgres/prices/symbols.ts'
import { createIngest } from '../../src/core/ingest/ingest.ts'
import { createNotifier, type Notifier } from '../../src/lib/notifier.ts'
import { createLatest } from '../../src/core/ingest/read-through.ts'
import type { QuoteProvider } from '../../src/core/prices/quote.ts'
import { createImported } from '../../src/providers/csv/imported.ts'
import { createDatabase } from './database.ts'
import { untilStable } from './stable.ts'
import { storePrices } from './store-prices.ts'
import { createScriptedProvider, type GivenPrice, type ScriptedProvider } from './scripted-provider.ts'

const WINDOWS = [5, 3]

export type HttpService = {
  readonly app: FastifyInstance
  readonly pool: pg.Pool
  readonly source: ScriptedProvider
  readonly providerStats: ProviderStats
  /** Creates a key; from then on every request needs one. */
  issueKey(...scopes: Scope[]): Promise<IssuedKey>
  /** Sends a request without a network, as a caller on this machine would. */
  ask(path: string, options?: { method?: string; headers?: Record<string, string>; body?: unknown }): Promise<Answer>
  /** Stores prices through the real ingest and brings the averages up to date; no provider is queried. */
  store(...prices: readonly Partial<GivenPrice>[]): Promise<void>
  /** For a test that stores prices itself. */
  notifyPricesStored(): void
  /** Starts to listen and returns the address. */
  listen(): Promise<string>
}

export type Answer = {
  readonly status: number
  readonly headers: Record<string, unknown>
  readonly text: string
  json(): Json
}
// Each test knows the shape of the response that it reads.
// oxlint-disable-next-line typescript/no-explicit-any
export type Json = any

/** What a test replaces, by feature; `guard` decides who is admitted. */
export type Changes = { readonly guard?: Partial<AccessOptions> } & {
  readonly [Name in Exclude<keyof ApiDeps, 'guard' | 'servesAll'>]?: Partial<ApiDeps[Name]>
}

/** A whole server on a real database; only the provider behind it is scripted. */
export async function createHttpService(t: TestContext, changes: Changes = {}): Promise<HttpService> {
  // Hooks run in the order in which they were added, and the server must close before its database.
  const closing: (() => Promise<void>)[] = []
  t.after(() => Promise.all(closing.map((close) => close())))
  const pool = await createDatabase(t)
  const source = createScriptedProvider()
  const stop = new AbortController()
  const providerStats = createProviderStats(clock)
  const pricesStored = createNotifier()
  const keys = createKeys(createKeyTable(pool), createKeySecret)
  const parts = { pool, source, signal: stop.signal, providerStats, pricesStored, keys }
  const app = createApi(apiDeps(parts, changes))
  closing.push(async () => {
    stop.abort()
    await app.close()
  })
  await app.ready()
  const record = createStoreReply(pool)
  const recompute = createRecompute(pool, WINDOWS)
  return {
    app,
    pool,
    source,
    providerStats,
    issueKey: (...scopes) => keys.create({ scopes, name: null, expiresAt: null }),
    ask: (path, options = {}) => ask(app, path, options),
    store: async (...prices) => {
      await storePrices(record, prices)
      await untilStable(pool)
      const { rows } = await pool.query('select series_id as "seriesId", event_time as "eventTime" from prices')
      await recompute(rows)
      pricesStored.notify()
    },
    notifyPricesStored: pricesStored.notify,
    listen: () => app.listen({ host: '127.0.0.1', port: 0 }),
  }
}

type Parts = {
  readonly pool: pg.Pool
  readonly source: ScriptedProvider
  readonly signal: AbortSignal
  readonly providerStats: ProviderStats
  readonly pricesStored: Notifier
  readonly keys: Keys
}

const LOG = pino({ level: 'silent' })

/** As in the service itself, with the changes of the test. */
function apiDeps(parts: Parts, changes: Changes): ApiDeps {
  const { pool, signal, keys } = parts
  const access = createAccess({
    isAuthOff: false,
    isPrivate: true,
    rateLimit: 0,
    readCredentials: createReadCredentials(pool),
    clock,
    log: LOG,
    signal,
    ...changes.guard,
  })
  const providers = providersOf(parts)
  return {
    servesAll: true,
    guard: access,
    server: {
      log: LOG,
      clock,
      host: '127.0.0.1',
      allowedHosts: ['prices.example'],
      trustedProxies: [],
      ...changes.server,
    },
    prices: { ...providers, ...pricesDeps(parts), ...changes.prices },
    averages: {
      ...providers,
      readAverages: createReadAverages(pool),
      readAverageLines: createReadAverageLines(pool),
      readNewestAverage: createReadNewestAverage(pool),
      readLatest: createReadLatest(pool),
      findStoredSymbols: createFindStoredSymbols(pool),
      windows: WINDOWS,
      ...changes.averages,
    },
    polling: { ...providers, ...pollingDeps(parts), ...changes.polling },
    streams: { ...providers, ...streamsDeps(parts), access, ...changes.streams },
    access: { access, keys, sessions: createSessions(pool), clock, ...changes.access },
    health: { ...providers, ...healthDeps(parts, changes.health), ...changes.health },
    dashboard: { pageFolder: PAGE_FOLDER, ...changes.dashboard },
    documents: {
      version: VERSION.version,
      asyncApi: 'asyncapi: 3.1.0\n',
      pageFolder: PAGE_FOLDER,
      ...changes.documents,
    },
  }
}

const PAGE_FOLDER = join(import.meta.dirname, '../../dist/dashboard')
const VERSION = { name: 'market-data-service', version: '0.0.0-test', node: process.version }

function providersOf({ source }: Parts) {
  return { providers: { get: providerOf(source), list: () => [source] }, defaultProvider: source.name }
}

function ingestOf({ pool, source, providerStats, pricesStored }: Parts) {
  return createIngest({
    providerOf: providerOf(source),
    record: createStoreReply(pool),
    notify: pricesStored.notify,
    observe: providerStats.observe,
    clock,
  })
}

function pollingDeps(parts: Parts) {
  const jobs = createJobs(parts.pool, clock)
  const acceptJobs = createAcceptJobs({ jobs, ingest: ingestOf(parts), clock, signal: parts.signal })
  return { jobs, acceptJobs, jobsChanged: () => {} }
}

function pricesDeps(parts: Parts) {
  const { pool, signal, providerStats, pricesStored } = parts
  const ingest = ingestOf(parts)
  const table = createRequestTable(pool)
  const onPricesStored = pricesStored.subscribe
  return {
    latest: createLatest({ ingest, readLatest: createReadLatest(pool), onPricesStored, clock, signal }),
    readHistory: createReadHistory(pool),
    readAdditions: createReadAdditions(pool),
    readLineage: createReadLineage(pool, WINDOWS),
    readRawResponse: createReadRawResponse(pool),
    readRawBody: createReadRawBody(pool),
    findStoredSymbols: createFindStoredSymbols(pool),
    requestCounts: createRequestCounts({ providerStats, table, clock, onError: () => {} }),
    readProviderStatus: createReadProviderStatus(pool),
    providerStats,
    clock,
    signal,
  }
}

function streamsDeps({ pool, pricesStored }: Parts) {
  return {
    readLog: createReadLog(pool),
    logEnd: () => logEnd(pool),
    readHighWaterMark: () => readHighWaterMark(pool),
    onPricesStored: pricesStored.subscribe,
    clock,
    log: LOG,
  }
}

function healthDeps({ pool, providerStats }: Parts, changed: Changes['health']) {
  const isPublished = changed?.readKafkaStatus !== undefined
  return {
    readServiceStatus: createReadServiceStatus(pool, { windows: WINDOWS, isPublished }),
    readKafkaStatus: undefined,
    readConsumerLag: () => [],
    readPoolUse: () => poolUse([['work', pool]]),
    ready: async () => void (await pool.query('select 1')),
    kafkaReady: async () => {},
    providerStats,
    windows: WINDOWS,
    toleratedLagSeconds: 10,
    version: VERSION,
    clock,
  }
}

function providerOf(source: QuoteProvider) {
  return (name: string): QuoteProvider => {
    if (name === source.name || name === 'alias') return source
    const imported = createImported(name)
    if (imported) return imported
    throw new ServiceError('unknown_provider', `No provider ${name}.`)
  }
}

async function ask(app: FastifyInstance, path: string, options: NonNullable<Parameters<HttpService['ask']>[1]>) {
  const { method = 'GET', headers = {}, body } = options
  const json = body !== undefined && typeof body !== 'string' ? { 'content-type': 'application/json' } : {}
  const answer = await app.inject({
    method: method as 'GET',
    url: path,
    headers: { host: 'localhost:8000', ...json, ...headers },
    ...(body !== undefined && { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  return { status: answer.statusCode, headers: answer.headers, text: answer.body, json: () => JSON.parse(answer.body) }
}
