import type pg from 'pg'
import { ServiceError } from '../errors.ts'
import type { Page, PageRequest, Run } from '../polling/job.ts'
import type { FinishedRun } from '../polling/schedule.ts'
import type { Instant } from '../prices/instant.ts'

/** The columns of a `Run` from a table of runs named `r`. */
export const RUN_COLUMNS = `
  r.id as "runId", r.started_at as "startedAt", r.finished_at as "finishedAt", r.outcome, r.price_id as "priceId", r.error`

/**
 * Runs of a job, newest first.
 * @throws ServiceError `invalid_request` for a cursor that is not of this list
 */
export async function listRuns(pool: pg.Pool, jobId: string, { limit, cursor }: PageRequest): Promise<Page<Run>> {
  if (cursor !== undefined && !/^\d{1,18}$/.test(cursor)) throw badCursor()
  const { rows } = await pool.query<Run>(RUNS_PAGE, [jobId, cursor ?? null, limit + 1])
  const data = rows.slice(0, limit)
  return { data, nextCursor: rows.length > limit ? (data.at(-1)?.runId ?? null) : null }
}

export function badCursor(): ServiceError {
  const detail = 'This cursor is not from this list.'
  return new ServiceError('invalid_request', detail, { errors: [{ pointer: '/cursor', detail }] })
}

const RUNS_PAGE = `
  select ${RUN_COLUMNS} from polling_runs r
   where r.job_id = $1 and ($2::bigint is null or r.id < $2)
   order by r.id desc limit $3`

/** Keeps the runs of a batch and what follows from them for their jobs, in one statement. A deleted job leaves no run. */
export async function finishRuns(pool: pg.Pool, runs: readonly FinishedRun[]): Promise<void> {
  await pool.query({ name: 'finish-runs', text: FINISH_RUNS, values: [JSON.stringify(runs)] })
}

/**
 * A failed run moves the next one to its retry, unless somebody planned another in the meantime. Jobs are locked in the
 * order in which `create` locks them, so that the two never wait for each other.
 */
const FINISH_RUNS = `
  with finished as (
    select * from jsonb_to_recordset($1::jsonb) as f ("jobId" uuid, "startedAt" timestamptz, "finishedAt" timestamptz,
      outcome text, "priceId" bigint, error jsonb, "nextRunAt" timestamptz, "retryAt" timestamptz)),
  jobs as materialized (
    select j.id, f.* from polling_jobs j join finished f on f."jobId" = j.id
     order by j.symbol, j.provider for update of j),
  written as (
    insert into polling_runs (job_id, started_at, finished_at, outcome, price_id, error)
    select id, "startedAt", "finishedAt", outcome, "priceId", error from jobs)
  update polling_jobs j
     set failures = case when f.outcome = 'failed' then j.failures + 1 else 0 end,
         next_run_at = case when j.next_run_at = f."nextRunAt" and f."retryAt" is not null then f."retryAt"
                            else j.next_run_at end
    from jobs f where j.id = f.id`

const SLICE = 1_000

/** Deletes the runs that ended before a moment, in slices; each job keeps its newest. Returns how many went. */
export async function trimRuns(pool: pg.Pool, before: Instant, signal: AbortSignal): Promise<number> {
  let trimmed = 0
  for (let slice = SLICE; slice === SLICE && !signal.aborted; trimmed += slice) {
    slice = (await pool.query(TRIM_RUNS, [before, SLICE])).rowCount ?? 0
  }
  return trimmed
}

const TRIM_RUNS = `
  delete from polling_runs where id in (
    select r.id from polling_runs r
     where r.finished_at < $1 and exists (select from polling_runs newer where newer.job_id = r.job_id and newer.id > r.id)
     order by r.finished_at limit $2)`
