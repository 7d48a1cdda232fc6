import type { Instant } from '../../lib/instant.ts'
import type { LogPosition } from '../log/position.ts'
import type { StoredPrice } from '../prices/quote.ts'

/** What is stored of a provider. */
export type ProviderStatus = {
  readonly provider: string
  readonly series: number
  /** Of the series that was confirmed last; null if there is no price. */
  readonly newest: Pick<StoredPrice, 'symbol' | 'eventTime' | 'confirmedAt' | 'marketState' | 'delaySeconds'> | null
  readonly jobs: number
  /** Jobs that are not paused. */
  readonly activeJobs: number
  /** Active jobs whose last run failed. */
  readonly failingJobs: number
}

/** Of a provider that has neither prices nor jobs. */
export function unusedProvider(provider: string): ProviderStatus {
  return { provider, series: 0, newest: null, jobs: 0, activeJobs: 0, failingJobs: 0 }
}

export type ReadProviderStatus = () => Promise<readonly ProviderStatus[]>

/** A lease and its holder. */
export type LeaseStatus = {
  readonly name: string
  readonly holder: string
  readonly epoch: string
  /** False if the lease has expired and another process may take it. */
  readonly isHeld: boolean
  /** Whether the process that reports this holds it. */
  readonly isOurs: boolean
}

/** The connections of a pool that are in use and idle, and how many callers wait for one. */
export type PoolUse = { readonly name: string; readonly busy: number; readonly idle: number; readonly waiting: number }

/** The writer of a transaction; one that was prepared for two-phase commit has no process. */
export type LogHolder = { readonly application: string; readonly pid: number | null; readonly forSeconds: number }

/** The status of the database and of what is stored in it. */
export type ServiceStatus = {
  readonly databaseBytes: number
  /**
   * How far the latest stored time of ours lies ahead of the database's clock: when a price was confirmed, or a run
   * finished. More than the clocks differ means that a clock was ahead when it was stored; 0 if none is ahead.
   */
  readonly timesAheadSeconds: number
  /** Age of the oldest price that is not yet in the averages; 0 if there is none. */
  readonly averagesLagSeconds: number
  /** The same for publishing, and how many prices wait, capped at 100,000; null without Kafka. */
  readonly relayLag: { readonly rows: number; readonly seconds: number } | null
  /** Unresolved dead letters. */
  readonly openDeadLetters: number
  /** The newest position that readers of the log can see. */
  readonly logEnd: LogPosition
  /** How long the oldest price has waited for transactions that began before it; 0 if none waits. */
  readonly logLagSeconds: number
  /** The open transaction that has held back the log the longest; everything after it waits. */
  readonly logHeldBy: LogHolder | null
  readonly leases: readonly LeaseStatus[]
  readonly providers: readonly ProviderStatus[]
}

export type ReadServiceStatus = () => Promise<ServiceStatus>

/** A partition of the topic: how many messages it holds, and how many of them the group has not processed yet. */
export type PartitionStatus = { readonly partition: number; readonly messages: number; readonly lag: number }

/** The status of Kafka, as of some seconds ago. */
export type KafkaStatus = {
  readonly topic: string
  readonly group: string
  /** Since when Kafka has not answered; null if it does. */
  readonly awaySince: Instant | null
  /** What it reports; null while it is unavailable. */
  readonly seen: {
    /** None if the topic does not exist yet. */
    readonly partitions: readonly PartitionStatus[]
    /** The broker's term: `Stable`, `Empty`; null if there is no such group, or we may not see it. */
    readonly groupState: string | null
  } | null
}

/** Never throws, and resolves within seconds even if Kafka does not answer. */
export type ReadKafkaStatus = () => Promise<KafkaStatus>
