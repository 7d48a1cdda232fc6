import type pg from 'pg'
import type { Logger } from 'pino'
import type { Clock } from '../../lib/clock.ts'
import type { Config } from '../config.ts'
import type { Kafka } from '../kafka.ts'
import type { KafkaWatch } from '../kafka-outage-log.ts'
import type { Leases } from '../../core/cluster/lease.ts'
import { loadCheckpoint, saveCheckpoint } from '../../postgres/log/log.ts'
import { inTransaction, type Fence } from '../../postgres/connection/transaction.ts'
import type { Notifier } from '../../lib/notifier.ts'
import type { Ingest } from '../../core/ingest/ingest.ts'
import type { LogPosition } from '../../core/log/log.ts'
import type { StoreReply } from '../../core/prices/quote.ts'
import { SYNTHETIC_PROVIDERS, type ProviderRegistry } from '../../providers/registry.ts'
import type { StorageWatch } from '../outage-log.ts'

/** What goes on by itself until the signal fires. */
export type Worker = { run(signal: AbortSignal): Promise<void> }

export type WorkerNeeds = {
  readonly config: Config
  /** Undefined where averages follow the log itself. */
  readonly kafka: Kafka | undefined
  readonly kafkaWatch: KafkaWatch
  readonly log: Logger
  /** Says once that the storage is away, however many ask it. */
  readonly storage: StorageWatch
  readonly clock: Clock
  readonly pool: pg.Pool
  /** For statements that may take a minute. */
  readonly maintenance: pg.Pool
  readonly leases: Leases
  readonly sources: ProviderRegistry
  readonly ingestInto: (record: StoreReply) => Ingest
  /** Rings when this process stored prices. */
  readonly pricesStored: Notifier
  /** Rings when this process made or changed a polling job. */
  readonly jobsChanged: Notifier
}

/** How many days data is kept. */
export function retentionOf(config: Config) {
  return {
    pricesDays: config.RETENTION_PRICES_DAYS,
    syntheticProviders: SYNTHETIC_PROVIDERS,
    syntheticDays: config.RETENTION_SIMULATED_DAYS,
    runsDays: config.RETENTION_RUNS_DAYS,
  }
}

/** How far a reader of the log has come. */
export function checkpointsOf(pool: pg.Pool, fence: Fence) {
  return {
    loadCheckpoint: (reader: string) => loadCheckpoint(pool, reader),
    saveCheckpoint: (reader: string, position: LogPosition) =>
      inTransaction(pool, (client) => saveCheckpoint(client, reader, position), fence),
  }
}

/** Says that a room failed, and that it is tried again. */
export function logRetry({ storage }: WorkerNeeds, component: string) {
  return (error: unknown) => storage.log.warn({ err: error, component }, 'failed, and will be tried again')
}
