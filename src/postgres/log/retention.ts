import type pg from 'pg'
import type { Clock } from '../../lib/clock.ts'
import { LOCK_AVERAGES, LOCK_CLASS } from '../averages/recompute.ts'
import { LOCK_RECORDING } from '../ingest/known-prices.ts'
import { inTransaction, type Fence } from '../connection/transaction.ts'

/** Days that things are kept, by the time when they were made; undefined keeps them for ever. */
export type Retention = {
  readonly pricesDays: number | undefined
  /** For the prices of these providers instead: they are invented, and there are many. */
  readonly syntheticProviders: readonly string[]
  readonly syntheticDays: number
  readonly runsDays: number
}

/** So little that no transaction of ours lasts longer than about 200 ms. */
const SLICE = 2_000
/** Each may be as large as a message of Kafka. */
const LETTERS_SLICE = 100

const TRIM_EVERY_MS = 10 * 60_000

type Needs = {
  readonly pool: pg.Pool
  /** Ends each transaction. */
  readonly fence: Fence
  readonly retention: Retention
  readonly clock: Clock
  readonly onError: (error: unknown) => void
}

/** Trims every ten minutes until the signal fires. What failed is done the next time. */
export function createTrimming({ pool, fence, retention, clock, onError }: Needs): {
  run(signal: AbortSignal): Promise<void>
} {
  return {
    run: async (signal) => {
      while (!signal.aborted) {
        await trim({ pool, fence, signal }, retention).catch(onError)
        await clock.sleep(TRIM_EVERY_MS, signal)
      }
    },
  }
}

type Work = { readonly pool: pg.Pool; readonly signal: AbortSignal; readonly fence?: Fence }

/**
 * Deletes what is older than it is to be kept, in slices, until the signal fires; gives back the number of prices. With
 * prices go their averages, their replies, and the first n−1 averages after the cut, whose inputs are gone. Dead letters
 * that are dealt with lose what was in the message, and stay: the message may be read again.
 */
export async function trim(work: Work, { runsDays, ...retention }: Retention): Promise<number> {
  const keptDays = [retention.pricesDays ?? null, retention.syntheticDays, retention.syntheticProviders]
  const slices = (statement: string, values: unknown[]) => repeat(work, (client) => count(client, statement, values))
  await slices(DELETE_RUNS, [runsDays, SLICE])
  await slices(EMPTY_LETTERS, [runsDays, LETTERS_SLICE])
  let prices = 0
  const { rows } = await work.pool.query<OldSeries>(OLD_SERIES, keptDays)
  for (const series of rows) prices += await repeat(work, (client) => trimSeries(client, series))
  if (prices > 0) {
    await slices(DELETE_REPLIES, [...keptDays, SLICE])
    await slices(DELETE_BODIES, [SLICE])
  }
  return prices
}

type OldSeries = { readonly id: string; readonly cut: string }

/** Repeats while something was done, each time in a transaction of its own; the sum comes back. */
async function repeat(
  { pool, signal, fence }: Work,
  slice: (client: pg.PoolClient) => Promise<number>,
): Promise<number> {
  let sum = 0
  for (let done = 1; done > 0 && !signal.aborted; sum += done) done = await inTransaction(pool, slice, fence)
  return sum
}

async function count(client: pg.PoolClient, statement: string, values: unknown[]): Promise<number> {
  return (await client.query(statement, values)).rowCount ?? 0
}

/**
 * Under the averages' lock, so that no average is computed from prices that are just going, and under that of those who
 * record: a revision that came meanwhile would be left without its first.
 */
async function trimSeries(client: pg.PoolClient, { id, cut }: OldSeries): Promise<number> {
  await client.query(LOCK_AVERAGES, [LOCK_CLASS, [id]])
  await client.query(LOCK_RECORDING, [[id]])
  const deleted = await count(client, DELETE_PRICES, [id, cut, SLICE])
  await client.query(DELETE_AVERAGES, [id])
  return deleted
}

const KEPT_DAYS = `case when provider = any($3::text[]) then $2::integer else $1::integer end`

const OLD_SERIES = `
  select id, cut from (select id, now() - make_interval(days => ${KEPT_DAYS}) as cut from series) as s
   where cut is not null and exists (select from prices p where p.series_id = s.id and p.event_time < s.cut)`

/** Oldest first, and all revisions of a time or none. */
const DELETE_PRICES = `
  delete from prices p using (
    select event_time from prices where series_id = $1 and event_time < $2 and revision = 1 order by event_time limit $3) as old
   where p.series_id = $1 and p.event_time = old.event_time`

/** What has fewer than n prices left up to its time has lost an input. */
const DELETE_AVERAGES = `
  delete from moving_averages a using (select distinct window_size from moving_averages where series_id = $1) as w
   where a.series_id = $1 and a.window_size = w.window_size and a.event_time < coalesce((
     select event_time from prices p where p.series_id = $1 and p.revision = 1
      order by event_time offset w.window_size - 1 limit 1), 'infinity')`

/** A reply that refused nothing was kept for its prices alone, however old they were when it came. */
const DELETE_REPLIES = `
  delete from raw_responses where id in (
    select id from raw_responses r
     where (refused = '[]' or received_at < now() - make_interval(days => ${KEPT_DAYS}))
       and not exists (select from prices p where p.raw_response_id = r.id) limit $4)`

const DELETE_BODIES = `
  delete from raw_bodies where sha256 in (
    select sha256 from raw_bodies b where not exists (select from raw_responses r where r.sha256 = b.sha256) limit $1)`

/** The last run of a job says how it is, however old it is. */
const DELETE_RUNS = `
  delete from polling_runs where id in (
    select id from polling_runs r
     where finished_at < now() - make_interval(days => $1)
       and exists (select from polling_runs newer where newer.job_id = r.job_id and newer.id > r.id)
     order by finished_at limit $2)`

const EMPTY_LETTERS = `
  update dead_letters set key = null, value = null, headers = '[]' where id in (
    select id from dead_letters
     where resolved_at < now() - make_interval(days => $1) and sent_at is not null
       and (key is not null or value is not null or headers::text <> '[]')
     order by id limit $2)`
