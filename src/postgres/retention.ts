import type pg from 'pg'
import type { Clock } from '../clock.ts'
import { LOCK_CLASS, LOCK_SERIES } from './averages.ts'
import { inTransaction } from './pool.ts'

/** Days that things are kept, by the time when they were made; undefined keeps them for ever. */
export type Retention = {
  readonly pricesDays: number | undefined
  readonly simulatedDays: number
  readonly runsDays: number
}

/** So little that no transaction of ours lasts longer than about 200 ms. */
const SLICE = 2_000

const TRIM_EVERY_MS = 10 * 60_000

type Needs = {
  readonly pool: pg.Pool
  readonly retention: Retention
  readonly clock: Clock
  readonly onError: (error: unknown) => void
}

/** Trims every ten minutes until the signal fires. What failed is done the next time. */
export function createTrimming({ pool, retention, clock, onError }: Needs): {
  run(signal: AbortSignal): Promise<void>
} {
  return {
    run: async (signal) => {
      while (!signal.aborted) {
        await trim(pool, retention, signal).catch(onError)
        await clock.sleep(TRIM_EVERY_MS, signal)
      }
    },
  }
}

/**
 * Deletes what is older than it is to be kept, in slices, until the signal fires; gives back the number of prices. With
 * prices go their averages, their replies, and the first n−1 averages after the cut, whose inputs are gone.
 */
export async function trim(pool: pg.Pool, retention: Retention, signal: AbortSignal): Promise<number> {
  await repeat(signal, () => deleteSlice(pool, DELETE_RUNS, [retention.runsDays, SLICE]))
  let prices = 0
  const { rows } = await pool.query<OldSeries>(OLD_SERIES, [retention.pricesDays ?? null, retention.simulatedDays])
  for (const series of rows) prices += await repeat(signal, () => trimSeries(pool, series))
  if (prices > 0) {
    await repeat(signal, () =>
      deleteSlice(pool, DELETE_REPLIES, [retention.pricesDays ?? null, retention.simulatedDays, SLICE]),
    )
    await repeat(signal, () => deleteSlice(pool, DELETE_BODIES, [SLICE]))
  }
  return prices
}

type OldSeries = { readonly id: string; readonly cut: string }

/** Repeats while something was done; the sum comes back. */
async function repeat(signal: AbortSignal, slice: () => Promise<number>): Promise<number> {
  let sum = 0
  for (let done = 1; done > 0 && !signal.aborted; sum += done) done = await slice()
  return sum
}

async function deleteSlice(pool: pg.Pool, statement: string, values: unknown[]): Promise<number> {
  const { rowCount } = await pool.query(statement, values)
  return rowCount ?? 0
}

/** Under the averages' lock, so that no average is computed from prices that are just going. */
async function trimSeries(pool: pg.Pool, { id, cut }: OldSeries): Promise<number> {
  return inTransaction(pool, async (client) => {
    await client.query(LOCK_SERIES, [LOCK_CLASS, [id]])
    const { rowCount } = await client.query(DELETE_PRICES, [id, cut, SLICE])
    await client.query(DELETE_AVERAGES, [id])
    return rowCount ?? 0
  })
}

const KEPT_DAYS = `case when provider = 'simulated' then $2::integer else $1::integer end`

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

const DELETE_REPLIES = `
  delete from raw_responses where id in (
    select id from raw_responses r
     where received_at < now() - make_interval(days => ${KEPT_DAYS})
       and not exists (select from prices p where p.raw_response_id = r.id) limit $3)`

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
