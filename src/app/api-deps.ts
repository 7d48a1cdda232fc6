import { fileURLToPath } from 'node:url'
import { createLatest } from '../core/ingest/read-through.ts'
import { createAcceptJobs } from '../core/polling/accept-jobs.ts'
import { createAccess } from '../http/access/authorize.ts'
import type { ApiDeps } from '../http/api.ts'
import { asyncApiYaml } from '../kafka/asyncapi.ts'
import { systemClock as clock } from '../lib/clock.ts'
import { createSessions } from '../postgres/access/api-keys.ts'
import { createReadAverageLines, createReadAverages } from '../postgres/averages/averages.ts'
import { createReadNewestAverage } from '../postgres/averages/newest.ts'
import { poolUse } from '../postgres/connection/pool.ts'
import { createReadProviderStatus, createReadServiceStatus } from '../postgres/health/status.ts'
import { createStoreReply } from '../postgres/ingest/store-reply.ts'
import { createReadAdditions } from '../postgres/log/additions.ts'
import { createReadLog, logEnd, readHighWaterMark } from '../postgres/log/log.ts'
import { createReadHistory } from '../postgres/prices/history.ts'
import { createReadLatest } from '../postgres/prices/latest.ts'
import { createReadLineage, createReadRawBody, createReadRawResponse } from '../postgres/prices/lineage.ts'
import { createFindStoredSymbols } from '../postgres/prices/symbols.ts'
import { accessOptions, keysOf } from './first-key.ts'
import { kafkaReads, toleratedLagSeconds } from './kafka.ts'
import type { Assembly, SharedParts } from './shared-parts.ts'
import type { Workers } from './workers/workers.ts'

type Sources = { readonly assembly: Assembly; readonly shared: SharedParts; readonly workers: Workers }

/** Where vite puts the pages (dashboard/vite.config.ts). */
const PAGE_FOLDER = fileURLToPath(new URL('../../dist/dashboard', import.meta.url))

/** What each feature of the HTTP interface depends on, from the parts of this process. */
export async function apiDeps(sources: Sources): Promise<ApiDeps> {
  const { assembly, shared } = sources
  const { config, log, version, database, signal } = assembly
  const { answering: pool } = database
  const reads = tableReads(sources)
  const providers = { providers: shared.providers, defaultProvider: config.DEFAULT_PROVIDER }
  const access = createAccess({ ...accessOptions(config, pool), clock, log, signal })
  const streamed = { log, clock, access, onPricesStored: shared.pricesStored.subscribe, readLog: createReadLog(pool) }
  return {
    servesAll: assembly.roles.includes('api'),
    server: serverOptions(assembly),
    guard: access,
    prices: { ...providers, ...reads.prices, ...providerUse(shared), latest: latestOf(sources), clock, signal },
    polling: { ...providers, jobs: shared.jobs, ...pollingOf(sources) },
    averages: { ...providers, ...reads.averages, windows: config.MA_WINDOWS },
    streams: { ...providers, ...reads.streams, ...streamed },
    access: { access, keys: keysOf(pool), sessions: createSessions(pool), clock },
    health: { ...(await healthDeps(sources)), ...reads.health, version },
    dashboard: { pageFolder: PAGE_FOLDER },
    documents: {
      version: version.version,
      pageFolder: PAGE_FOLDER,
      asyncApi: asyncApiYaml({ version: version.version, topic: config.KAFKA_TOPIC }),
    },
  }
}

function serverOptions({ config, log }: Assembly): ApiDeps['server'] {
  return {
    log,
    clock,
    host: config.HOST,
    allowedHosts: config.ALLOWED_HOSTS,
    trustedProxies: config.TRUST_PROXY,
    basePath: config.BASE_PATH,
    corsOrigins: config.CORS_ORIGINS,
  }
}

/** What is read from the tables. */
function tableReads({ assembly, shared }: Sources) {
  const { config, database, kafka } = assembly
  const { answering: pool } = database
  const { holder } = shared
  const windows = config.MA_WINDOWS
  return {
    prices: {
      readHistory: createReadHistory(pool),
      readAdditions: createReadAdditions(pool),
      readLineage: createReadLineage(pool, windows),
      readRawResponse: createReadRawResponse(pool),
      readRawBody: createReadRawBody(pool),
      findStoredSymbols: createFindStoredSymbols(pool),
      readProviderStatus: createReadProviderStatus(pool),
    },
    averages: {
      readAverages: createReadAverages(pool),
      readAverageLines: createReadAverageLines(pool),
      readNewestAverage: createReadNewestAverage(pool),
      readLatest: createReadLatest(pool),
      findStoredSymbols: createFindStoredSymbols(pool),
    },
    streams: { logEnd: () => logEnd(pool), readHighWaterMark: () => readHighWaterMark(pool) },
    health: {
      readServiceStatus: createReadServiceStatus(pool, { windows, isPublished: kafka !== undefined, holder }),
      ready: async () => void (await pool.query('select 1')),
    },
  }
}

function latestOf({ assembly, shared }: Sources) {
  const { answering: pool } = assembly.database
  return createLatest({
    readLatest: createReadLatest(pool),
    ingest: shared.ingestInto(createStoreReply(pool), 'question'),
    onPricesStored: shared.pricesStored.subscribe,
    clock,
    signal: assembly.signal,
  })
}

function providerUse({ requestCounts, providerStats }: SharedParts) {
  return { requestCounts, providerStats }
}

function pollingOf({ assembly, shared }: Sources) {
  const { signal, database } = assembly
  const { jobs, jobsChanged, ingestInto } = shared
  const ingest = ingestInto(createStoreReply(database.answering), 'question')
  return { acceptJobs: createAcceptJobs({ jobs, ingest, clock, signal }), jobsChanged: jobsChanged.notify }
}

async function healthDeps({ assembly, shared, workers }: Sources) {
  const { config, kafka, roles, database } = assembly
  const { working, answering, leading, pool: maintenance } = database
  return {
    ...(await kafkaReads(kafka, roles)),
    providers: shared.providers,
    providerStats: shared.providerStats,
    readConsumerLag: workers.consumerLag,
    // Labels of a metric, which alerts match: they stay as they were in 0.1.0.
    readPoolUse: () =>
      poolUse([
        ['work', working],
        ['answers', answering],
        ['leases', leading],
        ['upkeep', maintenance],
      ]),
    windows: config.MA_WINDOWS,
    toleratedLagSeconds: toleratedLagSeconds(config),
    clock,
  }
}
