import type { Instant } from '../../lib/instant.ts'
import type { LogPosition } from '../log/position.ts'
import type { StoredPrice } from '../prices/quote.ts'

/** What the tables say of a provider. */
export type ProviderStatus = {
  readonly provider: string
  readonly series: number
  /** Of the series that was confirmed last; null where there is no price. */
  readonly newest: Pick<StoredPrice, 'symbol' | 'eventTime' | 'confirmedAt' | 'marketState' | 'delaySeconds'> | null
  readonly jobs: number
  readonly failingJobs: number
}

/** Who does what only one process may do. */
export type LeaseStatus = {
  readonly name: string
  readonly holder: string
  readonly epoch: string
  /** False where the holder has been silent for so long that another may follow it. */
  readonly isHeld: boolean
  /** Whether the process that was asked leads. */
  readonly isOurs: boolean
}

/** The connections of a pool: at work, at hand, and those who wait for one. */
export type PoolUse = { readonly name: string; readonly busy: number; readonly idle: number; readonly waiting: number }

/** Whoever writes; a transaction that was prepared for a commit in two phases has no process. */
export type LogHolder = { readonly application: string; readonly pid: number | null; readonly forSeconds: number }

/** How the stored side of the service is. */
export type ServiceStatus = {
  readonly databaseBytes: number
  /** How long the oldest price has waited that the averages have not seen; 0 where they have seen all. */
  readonly averagesLagSeconds: number
  /** The same of announcing, and how many prices wait, counted up to 100,000; null where nothing is announced. */
  readonly relayLag: { readonly rows: number; readonly seconds: number } | null
  /** Messages that nobody could use, and that nobody has looked at yet. */
  readonly openDeadLetters: number
  /** The newest position that readers of the log can see. */
  readonly logEnd: LogPosition
  /** How long the oldest price has waited for transactions that began before it; 0 where none waits. */
  readonly logLagSeconds: number
  /** The writing transaction that has held back the log the longest; everything after it waits. */
  readonly logHeldBy: LogHolder | null
  readonly leases: readonly LeaseStatus[]
  readonly providers: readonly ProviderStatus[]
}

export type ReadServiceStatus = () => Promise<ServiceStatus>

/** A partition of the topic: how many messages it holds, and how many of them the group has still to settle. */
export type PartitionStatus = { readonly partition: number; readonly messages: number; readonly lag: number }

/** Kafka's part of the way, as it was some seconds ago. */
export type KafkaStatus = {
  readonly topic: string
  readonly group: string
  /** Since when Kafka has not answered; null where it does. */
  readonly awaySince: Instant | null
  /** What it said; null while it is away. */
  readonly seen: {
    /** None where nobody made the topic yet. */
    readonly partitions: readonly PartitionStatus[]
    /** In the broker's words: `Stable`, `Empty`; null where there is no such group, or we may not see it. */
    readonly groupState: string | null
  } | null
}

/** Never throws, and answers within seconds also where Kafka does not. */
export type ReadKafkaStatus = () => Promise<KafkaStatus>
