import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Role } from '../core/cluster/roles.ts'
import { createRequestCounts, type RequestCause, type RequestCounts } from '../core/health/provider-requests.ts'
import { createProviderStats, type ProviderStats } from '../core/health/provider-stats.ts'
import { createIngest, type Ingest } from '../core/ingest/ingest.ts'
import type { Jobs } from '../core/polling/job.ts'
import type { StoreReply } from '../core/prices/quote.ts'
import { systemClock as clock } from '../lib/clock.ts'
import { createNotifier, type Notifier } from '../lib/notifier.ts'
import { observePool } from '../postgres/connection/pool.ts'
import type { Database } from '../postgres/database.ts'
import { createRequestTable } from '../postgres/health/provider-requests.ts'
import { createJobs } from '../postgres/polling/jobs.ts'
import { countSearches } from '../providers/count-searches.ts'
import type { ProviderRegistry } from '../providers/registry.ts'
import { createProviders, type AppContext } from './context.ts'
import type { Kafka } from './kafka.ts'
import { createStorageOutageLog, type KafkaOutageLog, type StorageOutageLog } from './outage-log.ts'

/** What a process is made of before its parts are wired. */
export type Assembly = AppContext & {
  /** Undefined if averages follow the log itself. */
  readonly kafka: Kafka | undefined
  readonly kafkaWatch: KafkaOutageLog
  readonly roles: readonly Role[]
  readonly database: Pick<Database, 'pool' | 'working' | 'answering' | 'leading' | 'isOurs' | 'location'>
  /** Fires when the service ends. */
  readonly signal: AbortSignal
}

/** What the workers and the HTTP interface share. */
export type SharedParts = {
  /** Logs an outage of the storage once, whichever pool notices it. */
  readonly storage: StorageOutageLog
  readonly providers: ProviderRegistry
  readonly providerStats: ProviderStats
  readonly requestCounts: RequestCounts
  /** Notifies when this process has stored prices. */
  readonly pricesStored: Notifier
  /** Notifies when this process has created or changed a polling job. */
  readonly jobsChanged: Notifier
  readonly jobs: Jobs
  /** Name of this process as a holder of leases. */
  readonly holder: string
  /** The cause is why its requests are sent. */
  readonly ingestInto: (record: StoreReply, cause: RequestCause) => Ingest
}

/** Nothing of it is started. */
export async function createSharedParts(assembly: Assembly): Promise<SharedParts> {
  const { log, database } = assembly
  const { pool, working, answering, leading } = database
  const storage = createStorageOutageLog({ log, clock, location: database.location })
  for (const each of [pool, working, answering, leading]) observePool(each, storage)
  const providerStats = createProviderStats(clock)
  const requestCounts = createRequestCounts({
    providerStats,
    table: createRequestTable(answering),
    clock,
    onError: (error) => storage.log.warn({ err: error, component: 'request counts' }, 'failed, retrying'),
  })
  const providers = countSearches(await createProviders(assembly), requestCounts)
  const pricesStored = createNotifier()
  return {
    storage,
    providers,
    providerStats,
    requestCounts,
    pricesStored,
    jobsChanged: createNotifier(),
    jobs: createJobs(answering, clock),
    holder: holderName(database),
    ingestInto: (record, cause) =>
      createIngest({
        record,
        providerOf: providers.get,
        notify: pricesStored.notify,
        observe: providerStats.observeFor(cause),
        log,
        clock,
      }),
  }
}

/**
 * Shown to people who look for the process that holds a lease. The embedded database has one process at a time, and the
 * same name lets its next process take over the leases at once.
 */
function holderName({ isOurs }: Assembly['database']): string {
  return isOurs ? 'embedded' : `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`
}
