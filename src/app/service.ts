import { randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import { fileURLToPath } from 'node:url'
import type pg from 'pg'
import type { Verify } from '../core/health/verification.ts'
import { ROLES, type Role } from '../core/cluster/roles.ts'
import { systemClock as clock } from '../lib/clock.ts'
import type { Config } from './config.ts'
import { drain } from './shutdown.ts'
import { ServiceError } from '../errors.ts'
import { createProviderStats } from '../core/health/provider-stats.ts'
import { createServer } from '../http/server.ts'
import { asyncApiYaml } from '../kafka/asyncapi.ts'
import { kafkaOf, kafkaReads, prepareTopics, toleratedLagSeconds, type Kafka } from './kafka.ts'
import { keyAccessOf, prepareAccess, type AccessAtStart } from './first-key.ts'
import { assertCanListen, listenFailure, urlOf } from './listen.ts'
import { createDemoJobs, DEMO } from '../core/polling/demo.ts'
import type { Jobs } from '../core/polling/job.ts'
import { createReadAverages } from '../postgres/averages/averages.ts'
import { openDatabase, type Database } from '../postgres/database.ts'
import { createReadHistory } from '../postgres/prices/history.ts'
import { createJobs } from '../postgres/polling/jobs.ts'
import { createReadLatest } from '../postgres/prices/latest.ts'
import { createReadLineage, createReadRawBody, createReadRawResponse } from '../postgres/prices/lineage.ts'
import { createLeases } from '../postgres/cluster/leases.ts'
import { createReadLog, logEnd, readHighWaterMark } from '../postgres/log/log.ts'
import { migrate } from '../postgres/schema/migrate.ts'
import { assertSettings, createPool, isSuperuser, observePool, poolUse } from '../postgres/connection/pool.ts'
import { createStoreReply } from '../postgres/ingest/store-reply.ts'
import { createReadServiceStatus } from '../postgres/health/status.ts'
import { createFindStoredSymbols } from '../postgres/prices/symbols.ts'
import { createVerify } from '../postgres/verify/verify.ts'
import { createNotifier } from '../lib/notifier.ts'
import { createIngest } from '../core/ingest/ingest.ts'
import { createLatest } from '../core/ingest/read-through.ts'
import type { StoreReply } from '../core/prices/quote.ts'
import { createWorkers } from './workers/workers.ts'
import { createProviders, databaseOptions, type AppContext } from './context.ts'
import { createKafkaOutageLog, createStorageOutageLog, type KafkaOutageLog } from './outage-log.ts'

/** The running service; disposing of it ends everything in the reverse order of its start. */
export type Service = AsyncDisposable & {
  /** Where it answers. */
  readonly url: string
  readonly database: Pick<Database, 'location' | 'moved'>
  /** What the demonstration polls, where it was asked for and there were no jobs. */
  readonly demoSymbols: readonly string[]
  readonly access: AccessAtStart
}

export type ServeOptions = {
  readonly roles: readonly Role[]
  /** Makes polling jobs of simulated prices where there are none. */
  readonly demo: boolean
}

/** Starts every part and ends again what was started when a later part fails to start. */
export async function startService(context: AppContext, { demo, roles }: ServeOptions): Promise<Service> {
  const { config, log } = context
  await assertCanListen(config)
  const kafka = kafkaOf(config)
  await using parts = new AsyncDisposableStack()
  const database = parts.use(await openDatabase(databaseOptions(context)))
  await assertSettings(database.pool)
  await migrate(database.pool)
  if (!database.isOurs && (await isSuperuser(database.pool))) log.warn(SUPERUSER)
  const access = await prepareAccess(config, database.pool)
  const kafkaWatch = createKafkaOutageLog({ log, clock })
  if (kafka && roles.some((role) => role === 'relay' || role === 'consumer')) {
    await prepareTopics(kafka, (error) => kafkaWatch.failed('start', error))
  }
  const stopping = new AbortController()
  const { signal } = stopping
  const { server, jobs, run } = await assemble({ ...context, kafka, kafkaWatch, roles, database, signal })
  const demoSymbols = demo && (await createDemoJobs(jobs)) ? DEMO.symbols : []
  const running = run()
  parts.defer(async () => {
    // First of all, so that requests which wait for a provider end, and the server can close.
    stopping.abort(new ServiceError('overloaded', 'The service is stopping: ask again.'))
    await drain({ requests: server.close(), work: running }, { clock, log })
  })
  await server.listen({ host: config.HOST, port: config.PORT }).catch((error: unknown) => {
    throw listenFailure(error, config)
  })

  const started = parts.move()
  const url = urlOf(server.server.address() as AddressInfo)
  return { url, database, demoSymbols, access, [Symbol.asyncDispose]: () => started.disposeAsync() }
}

const SUPERUSER = 'DATABASE_URL signs in as a superuser: least rights are made by market-data roles create'

/** The OpenAPI document of the HTTP interface; nothing is started or asked for it. */
export async function openApiDocument(context: AppContext): Promise<object> {
  const nowhere = createPool('postgres://nowhere', { size: 1, onError: () => {} })
  const pools = { pool: nowhere, working: nowhere, answering: nowhere, leading: nowhere }
  const database = { ...pools, isOurs: false, location: 'nowhere' }
  const kafkaWatch = createKafkaOutageLog({ log: context.log, clock })
  const idle = { kafka: undefined, kafkaWatch, roles: ROLES, database, signal: AbortSignal.abort() }
  const { server } = await assemble({ ...context, ...idle })
  await server.ready()
  return server.swagger()
}

/** What `market-data verify` does; where the database is served by another process, that one may go on. */
export async function createVerification(context: AppContext, pool: pg.Pool): Promise<Verify> {
  const { parserOf } = await createProviders(context)
  return createVerify({ pool, windows: context.config.MA_WINDOWS, parserOf, clock })
}

/** Where vite puts the page (dashboard/vite.config.ts). */
const PAGE_FOLDER = fileURLToPath(new URL('../../dist/dashboard', import.meta.url))

type Assembly = AppContext & {
  readonly kafka: Kafka | undefined
  readonly kafkaWatch: KafkaOutageLog
  readonly roles: readonly Role[]
  readonly database: Pick<Database, 'pool' | 'working' | 'answering' | 'leading' | 'isOurs' | 'location'>
  readonly signal: AbortSignal
}

/** Every part, wired to the others and not yet started. */
async function assemble(assembly: Assembly) {
  const { config, log, version, kafka, kafkaWatch, roles, database, signal } = assembly
  const { pool: maintenance, working: pool, answering, leading } = database
  const storage = createStorageOutageLog({ log, clock, location: database.location })
  for (const one of [maintenance, pool, answering, leading]) observePool(one, storage)
  const pricesStored = createNotifier()
  const jobsChanged = createNotifier()
  const providerStats = createProviderStats(clock)
  const sources = await createProviders(assembly)
  const ingestInto = (record: StoreReply) =>
    createIngest({
      record,
      providerOf: sources.get,
      notify: pricesStored.notify,
      observe: providerStats.observe,
      clock,
    })
  const holder = holderName(database)
  const jobs = wakingJobs(createJobs(answering, clock), jobsChanged.notify)
  const readLog = createReadLog(answering)
  const workerNeeds = {
    config,
    clock,
    log,
    database: { pool, maintenance, leases: createLeases(leading, holder), watch: storage },
    pricesStored,
    polling: { providers: sources, ingestInto, jobsChanged },
    kafka: kafka && { ...kafka, watch: kafkaWatch },
  }
  const workers = await createWorkers(workerNeeds, roles)
  const server = createServer({
    ...readsOf(answering, { config, holder }),
    ...(await kafkaReads(kafka, roles)),
    ...keyAccessOf(config, answering),
    readConsumerLag: workers.consumerLag,
    readPoolUse: () => poolUse({ work: pool, answers: answering, leases: leading, maintenance }),
    log,
    clock,
    version,
    sources,
    providerStats,
    jobs,
    signal,
    readLog,
    asyncApi: asyncApiYaml({ version: version.version, topic: config.KAFKA_TOPIC }),
    toleratedLagSeconds: toleratedLagSeconds(config),
    answersAll: roles.includes('api'),
    defaultProvider: config.DEFAULT_PROVIDER,
    pageFolder: PAGE_FOLDER,
    host: config.HOST,
    allowedHosts: config.ALLOWED_HOSTS,
    latest: createLatest({
      ingest: ingestInto(createStoreReply(answering)),
      readLatest: createReadLatest(answering),
      onPricesStored: pricesStored.subscribe,
      clock,
      signal,
    }),
    onPricesStored: pricesStored.subscribe,
  })
  return { server, jobs, run: () => workers.run(signal) }
}

/** For people who ask who leads. The embedded database has one process at a time: the next one need not wait for the last. */
function holderName({ isOurs }: Assembly['database']): string {
  return isOurs ? 'embedded' : `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`
}

/** A job that was made or changed may be due at once. */
function wakingJobs(jobs: Jobs, wake: () => void): Jobs {
  const waking =
    <A extends unknown[], R>(act: (...args: A) => Promise<R>) =>
    (...args: A) =>
      act(...args).finally(wake)
  return { ...jobs, create: waking(jobs.create), change: waking(jobs.change), runNow: waking(jobs.runNow) }
}

/** What the HTTP interface reads from the tables. */
function readsOf(pool: pg.Pool, { config, holder }: { readonly config: Config; readonly holder: string }) {
  const { MA_WINDOWS: windows } = config
  return {
    windows,
    readHistory: createReadHistory(pool),
    readAverages: createReadAverages(pool),
    readLineage: createReadLineage(pool, windows),
    readRawResponse: createReadRawResponse(pool),
    readRawBody: createReadRawBody(pool),
    readServiceStatus: createReadServiceStatus(pool, {
      windows,
      isPublished: config.KAFKA_BROKERS !== undefined,
      holder,
    }),
    findStoredSymbols: createFindStoredSymbols(pool),
    logEnd: () => logEnd(pool),
    readHighWaterMark: () => readHighWaterMark(pool),
    ready: async () => void (await pool.query('select 1')),
  }
}
