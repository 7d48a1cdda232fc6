import type pg from 'pg'
import type { Clock } from '../../lib/clock.ts'
import { lockAverages, lockSeries } from '../connection/locks.ts'
import { inTransaction, type Fence } from '../connection/transaction.ts'
import type { RetainedTable } from '../schema/tables.ts'

/** Days that rows are kept, counted from their own time; undefined keeps prices forever. */
export type Retention = {
  readonly pricesDays: number | undefined
  /** For the prices of these providers instead: they are invented, and there are many. */
  readonly syntheticProviders: readonly string[]
  readonly syntheticDays: number
  readonly runsDays: number
}

/** Rows of one transaction; few enough that it lasts no longer than about 200 ms. */
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
 * Deletes rows that are older than retention allows, in slices, until the signal fires; returns the number of prices. With
 * prices go their averages, their replies, and the first n−1 averages after the cut, whose inputs are gone. Resolved dead
 * letters lose the content of the message, and stay: the message may be read again.
 */
export async function trim(work: Work, { runsDays, ...retention }: Retention): Promise<number> {
  const keptDays = [retention.pricesDays ?? null, retention.syntheticDays, retention.syntheticProviders]
  const slices = (statement: string, values: unknown[]) => repeat(work, (client) => countOf(client, statement, values))
  await slices(DELETE_OLD.polling_runs, [runsDays, SLICE])
  await slices(EMPTY_LETTERS, [runsDays, LETTERS_SLICE])
  let prices = 0
  const { rows } = await work.pool.query<OldSeries>(OLD_SERIES, keptDays)
  for (const series of rows) prices += await repeat(work, (client) => trimSeries(client, series))
  if (prices > 0) {
    await slices(DELETE_OLD.raw_responses, [...keptDays, SLICE])
    await slices(DELETE_OLD.raw_bodies, [SLICE])
  }
  return prices
}

type OldSeries = { readonly id: string; readonly cut: string }

/** Repeats a slice, each time in a transaction of its own, until it has nothing to do; returns the sum of their results. */
async function repeat(
  { pool, signal, fence }: Work,
  slice: (client: pg.PoolClient) => Promise<number>,
): Promise<number> {
  let sum = 0
  while (!signal.aborted) {
    const done = await inTransaction(pool, slice, fence)
    if (done === 0) break
    sum += done
  }
  return sum
}

async function countOf(client: pg.PoolClient, statement: string, values: unknown[]): Promise<number> {
  return (await client.query(statement, values)).rowCount ?? 0
}

/**
 * Under the lock of the averages, so that no average is computed from prices that are being deleted, and under the lock for
 * storing prices: a revision that came at the same time would be left without its first.
 */
async function trimSeries(client: pg.PoolClient, { id, cut }: OldSeries): Promise<number> {
  await lockAverages(client, [id])
  await lockSeries(client, [id])
  const deleted = await countOf(client, DELETE_OLD.prices, [id, cut, SLICE])
  await client.query(DELETE_OLD.moving_averages, [id])
  return deleted
}

const KEPT_DAYS = `case when provider = any($3::text[]) then $2::integer else $1::integer end`

const OLD_SERIES = `
  select id, cut from (select id, now() - make_interval(days => ${KEPT_DAYS}) as cut from series) as s
   where cut is not null and exists (select from prices p where p.series_id = s.id and p.event_time < s.cut)`

/** A statement for each table whose record names a retention. */
const DELETE_OLD: Readonly<Record<RetainedTable, string>> = {
  // Oldest first, and all revisions of a time or none.
  prices: `
    delete from prices p using (
      select event_time from prices where series_id = $1 and event_time < $2 and revision = 1 order by event_time limit $3) as old
     where p.series_id = $1 and p.event_time = old.event_time`,

  // An average with fewer than n prices left up to its time has lost an input.
  moving_averages: `
    delete from moving_averages a using (select distinct window_size from moving_averages where series_id = $1) as w
     where a.series_id = $1 and a.window_size = w.window_size and a.event_time < coalesce((
       select event_time from prices p where p.series_id = $1 and p.revision = 1
        order by event_time offset w.window_size - 1 limit 1), 'infinity')`,

  // A reply that refused nothing was kept for its prices alone, however old they were when it arrived.
  raw_responses: `
    delete from raw_responses where id in (
      select id from raw_responses r
       where (refused = '[]' or received_at < now() - make_interval(days => ${KEPT_DAYS}))
         and not exists (select from prices p where p.raw_response_id = r.id) limit $4)`,

  raw_bodies: `
    delete from raw_bodies where sha256 in (
      select sha256 from raw_bodies b where not exists (select from raw_responses r where r.sha256 = b.sha256) limit $1)`,

  // The last run of a job shows its state, however old it is.
  polling_runs: `
    delete from polling_runs where id in (
      select id from polling_runs r
       where finished_at < now() - make_interval(days => $1)
         and exists (select from polling_runs newer where newer.job_id = r.job_id and newer.id > r.id)
       order by finished_at limit $2)`,
}

const EMPTY_LETTERS = `
  update dead_letters set key = null, value = null, headers = '[]' where id in (
    select id from dead_letters
     where resolved_at < now() - make_interval(days => $1) and sent_at is not null
       and (key is not null or value is not null or headers::text <> '[]')
     order by id limit $2)`
