import type { StoredPrice } from './quote.ts'

/** What the tables say of a provider. */
export type ProviderFacts = {
  readonly provider: string
  readonly series: number
  /** Of the series that was confirmed last; null where there is no price. */
  readonly newest: Pick<StoredPrice, 'symbol' | 'eventTime' | 'confirmedAt' | 'marketState' | 'delaySeconds'> | null
  readonly jobs: number
  readonly failingJobs: number
}

/** Who does what only one process may do. */
export type LeaseFacts = {
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

/** How the stored side of the service is. */
export type ServiceFacts = {
  readonly databaseBytes: number
  /** How long the oldest price has waited that the averages have not seen; 0 where they have seen all. */
  readonly averagesLagSeconds: number
  /** The same of announcing; null where nothing was ever announced, since there is no Kafka. */
  readonly relayLagSeconds: number | null
  /** Messages that nobody could use, and that nobody has looked at yet. */
  readonly openDeadLetters: number
  /** The writing transaction that has held back the log the longest; everything after it waits. */
  readonly logHeldBy: { readonly application: string; readonly pid: number; readonly forSeconds: number } | null
  readonly leases: readonly LeaseFacts[]
  readonly providers: readonly ProviderFacts[]
}

export type ReadServiceFacts = () => Promise<ServiceFacts>
