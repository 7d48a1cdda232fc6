import type pg from 'pg'
import type { Logger } from 'pino'
import type { Clock } from '../../lib/clock.ts'
import type { Config } from '../config.ts'
import type { Kafka } from '../kafka.ts'
import type { KafkaWatch } from '../kafka-outage-log.ts'
import type { Leases } from '../../core/cluster/lease.ts'
import { loadPlace, savePlace } from '../../postgres/log/log.ts'
import { inTransaction, type Fence } from '../../postgres/connection/transaction.ts'
import type { Bell } from '../../lib/notifier.ts'
import type { Collect } from '../../core/ingest/ingest.ts'
import type { LogPlace } from '../../core/log/log.ts'
import type { RecordReply } from '../../core/prices/quote.ts'
import type { Sources } from '../../providers/registry.ts'
import type { StorageWatch } from '../outage-log.ts'

/** What goes on by itself until the signal fires. */
export type Runner = { run(signal: AbortSignal): Promise<void> }

export type RunnerNeeds = {
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
  readonly upkeep: pg.Pool
  readonly leases: Leases
  readonly sources: Sources
  readonly collectBy: (record: RecordReply) => Collect
  /** Rings when this process stored prices. */
  readonly news: Bell
  /** Rings when this process made or changed a polling job. */
  readonly jobNews: Bell
}

/** How many days what is kept. */
export function keptOf(config: Config) {
  return {
    pricesDays: config.RETENTION_PRICES_DAYS,
    simulatedDays: config.RETENTION_SIMULATED_DAYS,
    runsDays: config.RETENTION_RUNS_DAYS,
  }
}

/** How far a reader of the log has come. */
export function placesOf(pool: pg.Pool, fence: Fence) {
  return {
    loadPlace: (reader: string) => loadPlace(pool, reader),
    savePlace: (reader: string, place: LogPlace) =>
      inTransaction(pool, (client) => savePlace(client, reader, place), fence),
  }
}

/** Says that a room failed, and that it is tried again. */
export function telling({ storage }: RunnerNeeds, room: string) {
  return (error: unknown) => storage.log.warn({ err: error, room }, 'failed, and will be tried again')
}
