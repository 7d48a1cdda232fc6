import type pg from 'pg'
import type { Logger } from 'pino'
import type { Clock } from '../../lib/clock.ts'
import type { Config } from '../config.ts'
import type { Kafka } from '../kafka.ts'
import type { Leases } from '../../core/cluster/lease.ts'
import { loadCheckpoint, saveCheckpoint } from '../../postgres/log/log.ts'
import { inTransaction, type Fence } from '../../postgres/connection/transaction.ts'
import type { Notifier } from '../../lib/notifier.ts'
import type { RequestCause } from '../../core/health/provider-requests.ts'
import type { Ingest } from '../../core/ingest/ingest.ts'
import type { LogPosition } from '../../core/log/position.ts'
import type { StoreReply } from '../../core/prices/quote.ts'
import type { KafkaOutageLog, StorageOutageLog } from '../outage-log.ts'
import { SYNTHETIC_PROVIDERS, type ProviderRegistry } from '../../providers/registry.ts'

/** Works in the background until the signal fires. */
export type Worker = { run(signal: AbortSignal): Promise<void> }

/** What the workers of a process need, grouped by what they work with. */
export type WorkerNeeds = {
  readonly config: Config
  readonly clock: Clock
  readonly log: Logger
  readonly database: WorkerDatabase
  /** Notified when this process has stored prices. */
  readonly pricesStored: Notifier
  readonly polling: PollingNeeds
  /** Undefined if averages follow the log itself. */
  readonly kafka: WorkerKafka | undefined
}

export type WorkerDatabase = {
  readonly pool: pg.Pool
  /** For statements that may take a minute. */
  readonly maintenance: pg.Pool
  readonly leases: Leases
  /** Logs an outage of the storage once, however many workers notice it. */
  readonly watch: Pick<StorageOutageLog, 'log'>
}

export type PollingNeeds = {
  readonly providers: ProviderRegistry
  readonly ingestInto: (store: StoreReply, cause: RequestCause) => Ingest
  /** Notified when this process has created or changed a polling job. */
  readonly jobsChanged: Notifier
}

/** Kafka, and the log of its outages. */
export type WorkerKafka = Kafka & { readonly watch: KafkaOutageLog }

/** How many days each kind of row is kept. */
export function retentionOf(config: Config) {
  return {
    pricesDays: config.RETENTION_PRICES_DAYS,
    syntheticProviders: SYNTHETIC_PROVIDERS,
    syntheticDays: config.RETENTION_SIMULATED_DAYS,
    runsDays: config.RETENTION_RUNS_DAYS,
  }
}

/** Loads and saves the checkpoints of readers of the log; each save ends with the fence. */
export function checkpointsOf(pool: pg.Pool, fence: Fence) {
  return {
    loadCheckpoint: (reader: string) => loadCheckpoint(pool, reader),
    saveCheckpoint: (reader: string, position: LogPosition) =>
      inTransaction(pool, (client) => saveCheckpoint(client, reader, position), fence),
  }
}

/** Logs that a component failed and will be retried. */
export function logRetry({ watch }: Pick<WorkerDatabase, 'watch'>, component: string) {
  return (error: unknown) => watch.log.warn({ err: error, component }, 'failed, retrying')
}
