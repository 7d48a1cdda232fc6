import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import type { Clock } from '../../lib/clock.ts'
import { ServiceError } from '../../errors.ts'
import { MAX_JOBS, type CreateJob, type Job, type JobFilter, type Jobs, type Run } from '../../core/polling/job.ts'
import { instantFromMillis, type Instant } from '../../lib/instant.ts'
import {
  creationCursor,
  creationKeyOf,
  numberCursor,
  pageOf,
  type Page,
  type PageRequest,
} from '../../lib/pagination.ts'

/** The tables of jobs and their runs. Times are those of the given clock, which the poller uses as well. */
export function createJobs(pool: pg.Pool, clock: Clock): Jobs {
  const now = () => instantFromMillis(clock.now())

  async function find(jobId: string): Promise<Job | undefined> {
    if (!isUuid(jobId)) return undefined
    return (await selectJobs(pool, 'where j.id = $1', [jobId]))[0]
  }

  async function update(statement: string, jobId: string, values: readonly unknown[]): Promise<Job | undefined> {
    if (!isUuid(jobId)) return undefined
    await pool.query(statement, [jobId, ...values])
    return find(jobId)
  }

  return {
    create: async (request) => {
      await upsertJobs(pool, request, now())
      return selectJobs(pool, REQUESTED, [request.provider, request.symbols])
    },
    list: (page, filter = {}) => listJobs(pool, page, filter),
    ofSymbols: (provider, symbols) => selectJobs(pool, REQUESTED, [provider, symbols]),
    find,
    change: (jobId, { paused = null, intervalSeconds = null, marketHours = null }) =>
      update(CHANGE_JOB, jobId, [now(), paused, intervalSeconds, marketHours]),
    remove: async (jobId) => {
      if (!isUuid(jobId)) return false
      return (await pool.query('delete from polling_jobs where id = $1', [jobId])).rowCount === 1
    },
    runNow: (jobId) => update(RUN_NOW, jobId, [now()]),
    runs: async (jobId, page) => ((await find(jobId)) ? listRuns(pool, jobId, page) : undefined),
    count: async () => {
      const { rows } = await pool.query<{ count: number }>('select count(*)::integer as count from polling_jobs')
      return rows[0]?.count ?? 0
    },
  }
}

/** PostgreSQL refuses to compare a uuid with another text. */
function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)
}

type JobRow = Omit<Job, 'lastRun'> & (Run | { readonly runId: null })

async function selectJobs(pool: pg.Pool, where: string, values: readonly unknown[]): Promise<Job[]> {
  const { rows } = await pool.query<JobRow>(`${SELECT_JOBS} ${where}`, [...values])
  return rows.map(toJob)
}

function toJob(row: JobRow): Job {
  const { jobId, symbol, provider, intervalSeconds, marketHours, status, pausedReason } = row
  const { nextRunAt, failures, createdAt } = row
  const job = { jobId, symbol, provider, intervalSeconds, marketHours, status, pausedReason }
  return { ...job, nextRunAt, failures, lastRun: lastRunOf(row), createdAt }
}

function lastRunOf(row: JobRow): Run | null {
  if (row.runId === null) return null
  const { runId, startedAt, finishedAt, outcome, priceId, error } = row
  return { runId, startedAt, finishedAt, outcome, priceId, error }
}

/** The columns of a `Run` from a table of runs named `r`. */
const RUN_COLUMNS = `
  r.id as "runId", r.started_at as "startedAt", r.finished_at as "finishedAt", r.outcome, r.price_id as "priceId", r.error`

/** Of a job `j`. */
const STATUS = `case when j.paused then 'paused' when j.failures > 0 then 'failing' else 'active' end`

const SELECT_JOBS = `
  select j.id as "jobId", j.symbol, j.provider, j.interval_seconds as "intervalSeconds",
         j.market_hours as "marketHours", ${STATUS} as status,
         case when j.paused then j.paused_reason end as "pausedReason",
         j.next_run_at as "nextRunAt", j.failures, j.created_at as "createdAt", ${RUN_COLUMNS}
    from polling_jobs j
    left join lateral (select * from polling_runs where job_id = j.id order by id desc limit 1) as r on true`

const REQUESTED = 'where j.provider = $1 and j.symbol = any($2) order by array_position($2::text[], j.symbol)'

async function upsertJobs(pool: pg.Pool, request: CreateJob, now: Instant): Promise<void> {
  const symbols = [...new Set(request.symbols)]
  const ids = symbols.map(() => randomUUID())
  const { provider, intervalSeconds, marketHours = null, checked } = request
  const results = symbols.map((symbol) => JSON.stringify(checked?.get(symbol) ?? null))
  const values = [ids, symbols, provider, intervalSeconds, now, MAX_JOBS, marketHours, results]
  const { rowCount } = await pool.query(UPSERT_JOBS, values)
  if (rowCount === symbols.length) return
  throw new ServiceError('invalid_request', `There can be at most ${MAX_JOBS} polling jobs; delete some first.`)
}

/**
 * Writes all jobs or none. The interval of a checked job counts from the request that is its first run. Rows are locked in
 * the order of their symbols, so that two such statements never wait for each other.
 */
const UPSERT_JOBS = `
  with requested as (select * from unnest($1::uuid[], $2::text[], $8::jsonb[]) as w (id, symbol, checked)),
  known as (select symbol from polling_jobs where provider = $3 and symbol = any($2))
  insert into polling_jobs
         (id, symbol, provider, interval_seconds, anchored_at, next_run_at, created_at, market_hours, checked)
  select id, symbol, $3, $4, coalesce((checked ->> 'startedAt')::timestamptz, $5), $5, $5, coalesce($7::text, 'always'), nullif(checked, 'null') from requested
   where (select count(*) from polling_jobs) + (select count(*) from requested) - (select count(*) from known) <= $6
   order by symbol
  on conflict (symbol, provider) do update
     set interval_seconds = excluded.interval_seconds, paused = false, failures = 0,
         market_hours = coalesce($7::text, polling_jobs.market_hours),
         refusals = 0, refused_since = null, paused_reason = null, checked = null,
         anchored_at = excluded.anchored_at, next_run_at = excluded.next_run_at`

async function listJobs(pool: pg.Pool, { limit, cursor }: PageRequest, filter: JobFilter): Promise<Page<Job>> {
  const { createdAt = null, id = null } = cursor === undefined ? {} : creationKeyOf(cursor)
  const { query = null, provider = null, status = null } = filter
  const jobs = await selectJobs(pool, JOBS_PAGE, [createdAt, id, limit + 1, query, provider, status])
  return pageOf(jobs, limit, ({ createdAt: last, jobId }) => creationCursor({ createdAt: last, id: jobId }))
}

const JOBS_PAGE = `
   where ($1::timestamptz is null or (j.created_at, j.id) > ($1, $2::uuid))
     and ($4::text is null or strpos(upper(j.symbol), upper($4)) > 0)
     and ($5::text is null or j.provider = $5)
     and ($6::text is null or ${STATUS} = $6)
   order by j.created_at, j.id limit $3`

/** In an update, every column on the right-hand side has its old value. */
const CHANGE_JOB = `
  update polling_jobs
     set paused = coalesce($3::boolean, paused),
         claimed_run_at = case when paused or not coalesce($3::boolean, paused) then claimed_run_at end,
         paused_reason = case when $3::boolean is false then null else paused_reason end,
         refusals = case when $3::boolean is false then 0 else refusals end,
         refused_since = case when $3::boolean is false then null else refused_since end,
         interval_seconds = coalesce($4::integer, interval_seconds),
         market_hours = coalesce($5::text, market_hours),
         anchored_at = case when interval_seconds <> $4::integer then $2::timestamptz else anchored_at end,
         next_run_at = case
           when coalesce($3::boolean, paused) then case when paused then next_run_at end
           when paused or market_hours <> $5::text then $2::timestamptz
           when interval_seconds <> $4::integer then $2::timestamptz + make_interval(secs => $4::integer)
           else next_run_at end
   where id = $1`

const RUN_NOW = 'update polling_jobs set next_run_at = least(next_run_at, $2) where id = $1'

/** Newest first. @throws ServiceError `invalid_request` for a cursor that is not of this list */
async function listRuns(pool: pg.Pool, jobId: string, { limit, cursor }: PageRequest): Promise<Page<Run>> {
  const { rows } = await pool.query<Run>(RUNS_PAGE, [jobId, numberCursor(cursor) ?? null, limit + 1])
  return pageOf(rows, limit, ({ runId }) => runId)
}

const RUNS_PAGE = `
  select ${RUN_COLUMNS} from polling_runs r
   where r.job_id = $1 and ($2::bigint is null or r.id < $2)
   order by r.id desc limit $3`
