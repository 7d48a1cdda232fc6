import type { ErrorCode } from '../../errors.ts'
import type { Instant } from '../../lib/instant.ts'
import type { Page, PageRequest } from '../../lib/pagination.ts'
import type { RecordOutcome } from '../prices/quote.ts'

/** A standing order to ask a provider for a symbol every interval; at most one for each symbol and provider. */
export type Job = {
  readonly jobId: string
  readonly symbol: string
  readonly provider: string
  readonly intervalSeconds: number
  /** `failing`: the last run failed and is tried again. No failure ever ends a job. */
  readonly status: 'active' | 'paused' | 'failing'
  /** Null while paused, unless a run was asked for by hand. */
  readonly nextRunAt: Instant | null
  /** Failed runs since the last good one. */
  readonly failures: number
  readonly lastRun: Run | null
  readonly createdAt: Instant
}

/** One run of a job, once it is over. */
export type Run = {
  readonly runId: string
  readonly startedAt: Instant
  readonly finishedAt: Instant
  readonly outcome: RecordOutcome | 'failed'
  /** The price that the provider stated; null where the run failed. */
  readonly priceId: string | null
  readonly error: RunError | null
}

type RunError = { readonly code: ErrorCode; readonly detail: string }

/** What to ask for: a job for each symbol, all alike. Symbols are canonical. */
export type CreateJob = {
  readonly symbols: readonly string[]
  readonly provider: string
  readonly intervalSeconds: number
}

type JobChange = { readonly paused?: boolean | undefined; readonly intervalSeconds?: number | undefined }

/** The jobs as people see them. An id that we do not have, in whatever form, gives undefined or false, never an error. */
export type Jobs = {
  /**
   * Makes the jobs, active and due at once, and gives them in the order of the symbols. A job that is there already takes
   * the new interval and keeps its id, its age and its runs.
   * @throws ServiceError `invalid_request` beyond `MAX_JOBS`
   */
  create(order: CreateJob): Promise<readonly Job[]>
  /**
   * Oldest first.
   * @throws ServiceError `invalid_request` for a cursor that is not of this list
   */
  list(page: PageRequest): Promise<Page<Job>>
  find(jobId: string): Promise<Job | undefined>
  /** A resumed job is due at once; a new interval counts from now; what is so already changes nothing. */
  change(jobId: string, change: JobChange): Promise<Job | undefined>
  /** With all its runs; the prices stay. */
  remove(jobId: string): Promise<boolean>
  /** Makes it due at once, even while it is paused. Its regular runs stay where they were. */
  runNow(jobId: string): Promise<Job | undefined>
  /**
   * Newest first.
   * @throws ServiceError `invalid_request` for a cursor that is not of this list
   */
  runs(jobId: string, page: PageRequest): Promise<Page<Run> | undefined>
  count(): Promise<number>
}

/** A bound on growth, checked as jobs are made; calls at the same moment may pass it together. */
export const MAX_JOBS = 10_000
