import type { AddressInfo } from 'node:net'
import type { Role } from '../core/cluster/roles.ts'
import { createDemoJobs, DEMO } from '../core/polling/demo.ts'
import { ServiceError } from '../errors.ts'
import { systemClock as clock } from '../lib/clock.ts'
import { assertSettings, isSuperuser, openKept } from '../postgres/connection/pool.ts'
import { openDatabase, type Database } from '../postgres/database.ts'
import { migrate } from '../postgres/schema/migrate.ts'
import { assemble } from './assemble.ts'
import { databaseOptions, type AppContext } from './context.ts'
import { prepareAccess, type AccessAtStart } from './first-key.ts'
import { kafkaOf, prepareTopics } from './kafka.ts'
import { assertCanListen, listenFailure, urlsOf, type Urls } from './listen.ts'
import { createKafkaOutageLog } from './outage-log.ts'
import { drain } from './shutdown.ts'

/** The running service. Disposing of it ends everything in the reverse order of its start. */
export type Service = AsyncDisposable &
  Urls & {
    readonly database: Pick<Database, 'location' | 'moved'>
    /** Symbols of the demo jobs; none unless they were requested and no job existed. */
    readonly demoSymbols: readonly string[]
    readonly access: AccessAtStart
    /** The names of the available providers. */
    readonly providers: readonly string[]
  }

export type ServeOptions = {
  readonly roles: readonly Role[]
  /** Creates polling jobs of simulated prices if no job exists. */
  readonly demo: boolean
}

/** Starts every part. If one fails to start, those before it are ended again. */
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
  const assembly = { ...context, kafka, kafkaWatch, roles, database, signal: stopping.signal }
  const { server, jobs, providers, run } = await assemble(assembly)
  const demoSymbols = demo && (await createDemoJobs(jobs)) ? DEMO.symbols : []
  const running = run()
  parts.defer(async () => {
    // First, so that requests waiting for a provider end and the server can close.
    stopping.abort(new ServiceError('overloaded', 'The service is stopping. Try again.'))
    await drain({ requests: server.close(), work: running }, { clock, log })
  })
  await server.listen({ host: config.HOST, port: config.PORT }).catch(async (error: unknown) => {
    throw await listenFailure(error, config)
  })

  void openKept(database.answering)
  const started = parts.move()
  const urls = urlsOf(server.server.address() as AddressInfo)
  return { ...urls, database, demoSymbols, access, providers, [Symbol.asyncDispose]: () => started.disposeAsync() }
}

const SUPERUSER = 'DATABASE_URL connects as a superuser; market-data roles create sets up roles with least privileges'
