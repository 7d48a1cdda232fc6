import type pg from 'pg'
import type { DueJobs } from '../../core/polling/poller.ts'
import { LONGEST_RETRY_AFTER_MS, LOWEST_CAP_MS, type DueJob } from '../../core/polling/schedule.ts'
import { CLOCK_TOLERANCE_MS } from '../../lib/clock.ts'
import type { InFlightNeeds } from '../../core/polling/in-flight.ts'
import type { HoursKind } from '../../core/calendar/exchanges.ts'
import { UNKNOWN_MARKET, type MarketHours } from '../../core/polling/market-hours.ts'
import type { Instant } from '../../lib/instant.ts'
import { inTransaction, type Fence } from '../connection/transaction.ts'
import { createReadMarkets, type ReadMarkets } from './markets.ts'

/**
 * What the poller reads and writes; each call is one statement, and a second one for jobs that run only in market hours.
 * @param fence ends the transaction of each statement that writes
 */
export function createDueJobs(pool: pg.Pool, fence?: Fence): DueJobs & InFlightNeeds['jobs'] {
  const write = <Row extends pg.QueryResultRow>(query: pg.QueryConfig) =>
    fence ? inTransaction(pool, (client) => client.query<Row>(query), fence) : pool.query<Row>(query)

  const readMarkets = createReadMarkets(pool)

  async function moveJobs(moves: readonly Move[]): Promise<ReadonlySet<string>> {
    if (moves.length === 0) return new Set()
    const { rows } = await write<{ id: string }>({ name: 'move-jobs', text: MOVE, values: [JSON.stringify(moves)] })
    return new Set(rows.map((row) => row.id))
  }

  return {
    pullForward: async (now) => {
      const { rowCount } = await pool.query({ name: 'jobs-ahead', text: `${JOBS_AHEAD} limit 1`, values: [now] })
      if (rowCount !== 0) await write({ name: 'pull-forward', text: PULL_FORWARD, values: [now] })
    },
    upcoming: async (until, except) => {
      const query = { name: 'upcoming-jobs', text: UPCOMING, values: [until, except] }
      return (await pool.query<{ provider: string; dueAt: Instant }>(query)).rows
    },
    due: async ({ provider, until, except, limit }) => {
      const query = { name: 'due-jobs', text: DUE, values: [provider, until, except, limit] }
      return withMarkets(readMarkets, provider, (await pool.query<DueRow>(query)).rows)
    },
    claim: async (claims) => {
      const moves = claims.map(({ jobId, dueAt, nextRunAt }) => ({ jobId, from: dueAt, to: nextRunAt, claimed: dueAt }))
      const moved = await moveJobs(moves)
      return claims.filter((claim) => moved.has(claim.jobId))
    },
    release: async (claims) => {
      await moveJobs(
        claims.map(({ jobId, dueAt, nextRunAt }) => ({ jobId, from: nextRunAt, to: dueAt, claimed: null })),
      )
    },
    finish: async (runs) => {
      await write({ name: 'finish-runs', text: FINISH, values: [JSON.stringify(runs)] })
    },
  }
}

type DueRow = Omit<DueJob, 'market'> & { readonly marketHours: MarketHours }

/** Adds to each job that runs only in market hours what is known of its market. */
async function withMarkets(
  readMarkets: ReadMarkets,
  provider: string,
  rows: readonly DueRow[],
): Promise<readonly DueJob[]> {
  const bound = rows.filter(({ marketHours }) => marketHours !== 'always')
  if (bound.length === 0) return rows
  const markets = await readMarkets(
    provider,
    bound.map(({ symbol }) => symbol),
  )
  const marketOf = (symbol: string, hours: HoursKind) => ({ ...(markets.get(symbol) ?? UNKNOWN_MARKET), hours })
  return rows.map((row) =>
    row.marketHours === 'always' ? row : { ...row, market: marketOf(row.symbol, row.marketHours) },
  )
}

/** Makes claimed runs that never finished due again. Only for a new leader: the process that claimed them is gone. */
export async function reclaimJobs(pool: pg.Pool, fence?: Fence): Promise<void> {
  await inTransaction(pool, (client) => client.query(RECLAIM), fence)
}

/** `least` ignores null: a manual run of a paused job has no next time. */
const RECLAIM = `
  update polling_jobs set next_run_at = least(next_run_at, claimed_run_at), claimed_run_at = null
   where claimed_run_at is not null`

/** No exchange of the calendar is closed for longer. */
const LONGEST_CLOSURE_DAYS = 15

/**
 * Jobs whose plan no rule explains: further ahead than the interval, and than the wait after their last failure, or with a
 * last run that has yet to finish. A job that follows market hours may wait for the next session, but not after a run of the future.
 */
const JOBS_AHEAD = `
  select j.id from polling_jobs j
   where j.next_run_at > $1::timestamptz + make_interval(secs => ${CLOCK_TOLERANCE_MS / 1_000} + j.interval_seconds)
     and (j.market_hours = 'always' or j.next_run_at > $1::timestamptz + interval '${LONGEST_CLOSURE_DAYS} days'
          or (select greatest(started_at, finished_at) from polling_runs where job_id = j.id order by id desc limit 1)
             > $1::timestamptz + interval '${CLOCK_TOLERANCE_MS} ms')
     and (j.failures = 0 or not exists (
       select from (select * from polling_runs where job_id = j.id order by id desc limit 1) as r
        where r.finished_at <= $1::timestamptz + interval '${CLOCK_TOLERANCE_MS} ms'
          and j.next_run_at <= $1::timestamptz + make_interval(secs =>
            case when r.error ->> 'code' = 'provider_rate_limited' then ${LONGEST_RETRY_AFTER_MS / 1_000}
                 else greatest(j.interval_seconds, ${LOWEST_CAP_MS / 1_000}) end)))`

const PULL_FORWARD = `
  update polling_jobs set next_run_at = $1 where id in (${JOBS_AHEAD} for update of j skip locked)`

const UPCOMING = `
  select provider, min(next_run_at) as "dueAt" from polling_jobs
   where next_run_at <= $1 and id <> all($2::uuid[])
   group by provider order by 2`

const DUE = `
  select id as "jobId", symbol, provider, interval_seconds as "intervalSeconds", paused, failures,
         refusals, refused_since as "refusedSince", checked, market_hours as "marketHours",
         anchored_at as "anchoredAt", next_run_at as "dueAt"
    from polling_jobs
   where provider = $1 and next_run_at <= $2 and id <> all($3::uuid[])
   order by next_run_at, id limit $4`

type Move = {
  readonly jobId: string
  readonly from: Instant | null
  readonly to: Instant | null
  readonly claimed: Instant | null
}

/** Moves a job from one planned time to another if that is still its time; skips a job that another transaction has locked. */
const MOVE = `
  with moved as materialized (
    select j.id, m."to", m.claimed
      from polling_jobs j
      join jsonb_to_recordset($1::jsonb) as m ("jobId" uuid, "from" timestamptz, "to" timestamptz, claimed timestamptz)
        on j.id = m."jobId" and j.next_run_at is not distinct from m."from"
       for update of j skip locked)
  update polling_jobs j set next_run_at = moved."to", claimed_run_at = moved.claimed
    from moved where j.id = moved.id returning j.id`

/**
 * A failed run moves its job from its next time to the retry, and a job that was refused too often is paused, unless the job
 * was rescheduled since. A deleted job gets no run. Rows are locked in the order in which `create` locks them, so that the
 * two never wait for each other.
 */
const FINISH = `
  with finished as (
    select j.id, f.*, j.next_run_at is not distinct from f."nextRunAt" as "isAsPlanned"
      from polling_jobs j
      join jsonb_to_recordset($1::jsonb) as f ("jobId" uuid, "startedAt" timestamptz, "finishedAt" timestamptz,
           outcome text, "priceId" bigint, "replySha256" text, error jsonb, "nextRunAt" timestamptz, "retryAt" timestamptz,
           refusals integer, "refusedSince" timestamptz, "pausedReason" text) on j.id = f."jobId"
     order by j.provider, j.symbol for update of j),
  written as (
    insert into polling_runs (job_id, started_at, finished_at, outcome, price_id, error, reply_sha256)
    select id, "startedAt", "finishedAt", outcome, "priceId", error, decode("replySha256", 'hex') from finished)
  update polling_jobs j
     set claimed_run_at = null,
         checked = null,
         failures = case when f.outcome = 'failed' then j.failures + 1 else 0 end,
         refusals = case when f."isAsPlanned" then f.refusals else j.refusals end,
         refused_since = case when f."isAsPlanned" then f."refusedSince" else j.refused_since end,
         paused = j.paused or (f."isAsPlanned" and f."pausedReason" is not null),
         paused_reason = case when f."isAsPlanned" and not j.paused then f."pausedReason" else j.paused_reason end,
         next_run_at = case
           when not f."isAsPlanned" then j.next_run_at
           when f."pausedReason" is not null and not j.paused then null
           when j.next_run_at is not null then coalesce(f."retryAt", j.next_run_at)
         end
    from finished f where j.id = f.id`
