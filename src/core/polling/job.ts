import type { ErrorCode } from '../../errors.ts'
import type { Instant } from '../../lib/instant.ts'
import type { Page, PageRequest } from '../../lib/pagination.ts'
import type { MarketState, RecordOutcome } from '../prices/quote.ts'
import type { MarketHours } from './market-hours.ts'

/** A recurring fetch of a symbol from a provider; at most one job for each symbol and provider. */
export type Job = {
  readonly jobId: string
  readonly symbol: string
  readonly provider: string
  readonly intervalSeconds: number
  readonly marketHours: MarketHours
  /** `failing`: the last run failed and will be retried. */
  readonly status: JobStatus
  /** Why the service paused the job itself; null if a user did, or it is not paused. */
  readonly pausedReason: string | null
  /** Null while paused, unless a manual run was requested. */
  readonly nextRunAt: Instant | null
  /** Failed runs since the last success. */
  readonly failures: number
  readonly lastRun: Run | null
  readonly createdAt: Instant
}

export type JobStatus = 'active' | 'paused' | 'failing'

/** One run of a job, once it is over. */
export type Run = {
  readonly runId: string
  readonly startedAt: Instant
  readonly finishedAt: Instant
  readonly outcome: RecordOutcome | 'failed'
  /** The price that the provider quoted; null if the run failed. */
  readonly priceId: string | null
  readonly error: RunError | null
}

type RunError = { readonly code: ErrorCode; readonly detail: string }

/** A job for each symbol, all alike. Symbols are canonical. */
export type CreateJob = {
  readonly symbols: readonly string[]
  readonly provider: string
  readonly intervalSeconds: number
  /** Default: those of an existing job, and `always` for a new one. */
  readonly marketHours?: MarketHours | undefined
  /** By symbol; the first run of a new job takes this result instead of a request, if it is only seconds old. */
  readonly checked?: ReadonlyMap<string, CheckedResult> | undefined
}

/** The result of a request that was sent before a job existed, to check its symbol. */
export type CheckedResult = Pick<Run, 'startedAt' | 'finishedAt' | 'outcome' | 'priceId'> & {
  /** Of the reply, in hex. */
  readonly replySha256: string
  readonly marketState: MarketState
  readonly delaySeconds: number | null
}

type JobChange = {
  readonly paused?: boolean | undefined
  readonly intervalSeconds?: number | undefined
  readonly marketHours?: MarketHours | undefined
}

/** Which jobs are listed; every member narrows the list. */
export type JobFilter = {
  /** Part of the symbol, in any case. */
  readonly query?: string | undefined
  readonly provider?: string | undefined
  readonly status?: JobStatus | undefined
}

/** The jobs as users manage them. An unknown id, in whatever form, gives undefined or false, never an error. */
export type Jobs = {
  /**
   * Creates the jobs, active and due at once, and returns them in the order of the symbols. An existing job takes the new
   * interval and market hours, and keeps its id, its age and its runs.
   * @throws ServiceError `invalid_request` beyond `MAX_JOBS`
   */
  create(job: CreateJob): Promise<readonly Job[]>
  /**
   * Oldest first.
   * @throws ServiceError `invalid_request` for a cursor that is not of this list
   */
  list(page: PageRequest, filter?: JobFilter): Promise<Page<Job>>
  /** The existing jobs of these symbols. */
  ofSymbols(provider: string, symbols: readonly string[]): Promise<readonly Job[]>
  find(jobId: string): Promise<Job | undefined>
  /**
   * A resumed job, and one with other market hours, is due at once; a new interval counts from now; a change to the
   * current value changes nothing.
   */
  change(jobId: string, change: JobChange): Promise<Job | undefined>
  /** Also deletes its runs; the prices stay. */
  remove(jobId: string): Promise<boolean>
  /** Makes it due at once, even while it is paused. Its regular times do not change. */
  runNow(jobId: string): Promise<Job | undefined>
  /**
   * Newest first.
   * @throws ServiceError `invalid_request` for a cursor that is not of this list
   */
  runs(jobId: string, page: PageRequest): Promise<Page<Run> | undefined>
  count(): Promise<number>
}

/** A bound on growth, checked when jobs are created; concurrent calls may together exceed it. */
export const MAX_JOBS = 10_000
