import type pg from 'pg'
import type { Run } from '../../core/polling/job.ts'
import { numberCursor, pageOf, type Page, type PageRequest } from '../../lib/pagination.ts'

/** The columns of a `Run` from a table of runs named `r`. */
export const RUN_COLUMNS = `
  r.id as "runId", r.started_at as "startedAt", r.finished_at as "finishedAt", r.outcome, r.price_id as "priceId", r.error`

/**
 * Runs of a job, newest first.
 * @throws ServiceError `invalid_request` for a cursor that is not of this list
 */
export async function listRuns(pool: pg.Pool, jobId: string, { limit, cursor }: PageRequest): Promise<Page<Run>> {
  const { rows } = await pool.query<Run>(RUNS_PAGE, [jobId, numberCursor(cursor) ?? null, limit + 1])
  return pageOf(rows, limit, ({ runId }) => runId)
}

const RUNS_PAGE = `
  select ${RUN_COLUMNS} from polling_runs r
   where r.job_id = $1 and ($2::bigint is null or r.id < $2)
   order by r.id desc limit $3`
