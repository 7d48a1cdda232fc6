import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { FastifyInstance } from 'fastify'
import type pg from 'pg'
import { pino } from 'pino'
import { createKeys, type IssuedKey, type Scope } from '../../src/core/access/key.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { ServiceError } from '../../src/errors.ts'
import { createProviderStats } from '../../src/core/health/provider-stats.ts'
import { createKeySecret } from '../../src/core/access/secret.ts'
import { createServer, type HttpNeeds } from '../../src/http/server.ts'
import { createReadAverages } from '../../src/postgres/averages/averages.ts'
import { createRecompute } from '../../src/postgres/averages/recompute.ts'
import { createReadHistory } from '../../src/postgres/prices/history.ts'
import { createJobs } from '../../src/postgres/polling/jobs.ts'
import { createKeyTable, createReadCredentials, createSessions } from '../../src/postgres/access/api-keys.ts'
import { createReadLatest } from '../../src/postgres/prices/latest.ts'
import { createReadLineage, createReadRawBody, createReadRawResponse } from '../../src/postgres/prices/lineage.ts'
import { createReadLog, logEnd, readHighWaterMark } from '../../src/postgres/log/log.ts'
import { poolUse } from '../../src/postgres/connection/pool.ts'
import { createStoreReply } from '../../src/postgres/ingest/store-reply.ts'
import { createReadServiceStatus } from '../../src/postgres/health/status.ts'
import { createFindStoredSymbols } from '../../src/postgres/prices/symbols.ts'
import { createIngest } from '../../src/core/ingest/ingest.ts'
import { instantFromMillis } from '../../src/lib/instant.ts'
import { createLatest } from '../../src/core/ingest/read-through.ts'
import type { QuoteProvider, StoreReply } from '../../src/core/prices/quote.ts'
import { createDatabase } from './database.ts'
import { untilSettled } from './settled.ts'
import {
  createScriptedProvider,
  instantOf,
  quoteOf,
  type GivenPrice,
  type ScriptedProvider,
} from './scripted-provider.ts'

const WINDOWS = [5, 3]

export type HttpService = {
  readonly app: FastifyInstance
  readonly pool: pg.Pool
  readonly source: ScriptedProvider
  readonly providerStats: HttpNeeds['providerStats']
  /** Makes a key; from then on nobody gets in without one. */
  issueKey(...scopes: Scope[]): Promise<IssuedKey>
  /** Asks without a network, as a caller on this machine would. */
  ask(path: string, options?: { method?: string; headers?: Record<string, string>; body?: unknown }): Promise<Answer>
  /** Stores prices by the real door and brings the averages up to date; nobody is asked. */
  store(...prices: readonly Partial<GivenPrice>[]): Promise<void>
  /** Starts to listen; the address comes back. */
  listen(): Promise<string>
}

export type Answer = {
  readonly status: number
  readonly headers: Record<string, unknown>
  readonly text: string
  json(): Json
}
// What a test reads out of an answer is its own business.
// oxlint-disable-next-line typescript/no-explicit-any
export type Json = any

/** A whole server on a real database; only the provider behind it is scripted. */
export async function createHttpService(t: TestContext, changed: Partial<HttpNeeds> = {}): Promise<HttpService> {
  // Hooks run in the order in which they were made, and the server is to close before its database goes.
  const closing: (() => Promise<void>)[] = []
  t.after(() => Promise.all(closing.map((close) => close())))
  const pool = await createDatabase(t)
  const source = createScriptedProvider()
  const stop = new AbortController()
  const providerStats = createProviderStats(systemClock)
  const listeners = new Set<() => void>()
  const onPricesStored = (listener: () => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }
  const notify = () => listeners.forEach((listener) => listener())
  const record = createStoreReply(pool)
  const recompute = createRecompute(pool, WINDOWS)
  const providerOf = (name: string) => getProvider(source, name)
  const ingest = createIngest({ providerOf, record, notify, observe: providerStats.observe, clock: systemClock })
  const keys = createKeys(createKeyTable(pool), createKeySecret)
  const app = createServer({
    host: '127.0.0.1',
    answersAll: true,
    asyncApi: 'asyncapi: 3.1.0\n',
    toleratedLagSeconds: 10,
    allowedHosts: ['prices.example'],
    isAuthOff: false,
    isPrivate: true,
    rateLimit: 0,
    trustedProxies: [],
    readCredentials: createReadCredentials(pool),
    keys,
    sessions: createSessions(pool),
    pageFolder: join(import.meta.dirname, '../../dist/dashboard'),
    log: pino({ level: 'silent' }),
    clock: systemClock,
    signal: stop.signal,
    version: { name: 'market-data-service', version: '0.0.0-test', node: process.version },
    ready: async () => void (await pool.query('select 1')),
    sources: { get: providerOf, list: () => [source] },
    defaultProvider: source.name,
    latest: createLatest({
      ingest,
      readLatest: createReadLatest(pool),
      onPricesStored,
      clock: systemClock,
      signal: stop.signal,
    }),
    jobs: createJobs(pool, systemClock),
    windows: WINDOWS,
    readHistory: createReadHistory(pool),
    readLineage: createReadLineage(pool, WINDOWS),
    readRawResponse: createReadRawResponse(pool),
    readRawBody: createReadRawBody(pool),
    readAverages: createReadAverages(pool),
    readLog: createReadLog(pool),
    logEnd: () => logEnd(pool),
    readHighWaterMark: () => readHighWaterMark(pool),
    onPricesStored,
    findStoredSymbols: createFindStoredSymbols(pool),
    readServiceStatus: createReadServiceStatus(pool, {
      windows: WINDOWS,
      isPublished: changed.readKafkaStatus !== undefined,
    }),
    kafkaReady: async () => {},
    readKafkaStatus: undefined,
    readConsumerLag: () => [],
    readPoolUse: () => poolUse({ work: pool }),
    providerStats,
    ...changed,
  })
  closing.push(async () => {
    stop.abort()
    await app.close()
  })
  await app.ready()
  return {
    app,
    pool,
    source,
    providerStats,
    issueKey: (...scopes) => keys.create({ scopes, name: null, expiresAt: null }),
    ask: (path, options = {}) => ask(app, path, options),
    store: async (...prices) => {
      await storePrices(record, prices)
      await untilSettled(pool)
      const { rows } = await pool.query('select series_id as "seriesId", event_time as "eventTime" from prices')
      await recompute(rows)
      notify()
    },
    listen: () => app.listen({ host: '127.0.0.1', port: 0 }),
  }
}

function getProvider(source: QuoteProvider, name: string): QuoteProvider {
  if (name === source.name || name === 'alias') return source
  throw new ServiceError('unknown_provider', `No provider ${name}.`)
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

/** Each price comes in a reply of its own, in the order given. */
async function storePrices(record: StoreReply, prices: readonly Partial<GivenPrice>[]): Promise<void> {
  for (const given of prices) {
    const quote = quoteOf(given)
    const receivedAt = given.receivedAt ? instantOf(given.receivedAt) : instantFromMillis(Date.now())
    const reply = {
      provider: quote.provider,
      symbols: [quote.symbol],
      request: `GET https://scripted.example/quote?symbols=${quote.symbol}`,
      status: 200,
      body: Buffer.from(JSON.stringify({ symbol: quote.symbol, price: quote.price })),
      receivedAt,
      parserVersion: 1,
    }
    await record(reply, [{ symbol: quote.symbol, quote }])
  }
}
