import type pg from 'pg'
import type { Affected } from '../../core/log/entry.ts'
import { lockAverages } from '../connection/locks.ts'
import { arrayText, idsText } from '../connection/parameters.ts'
import { inTransactionFrom, type Fence } from '../connection/transaction.ts'

/** Recomputes the averages that contain the affected prices; resolves with the number of averages that were written. */
export type Recompute = (affected: readonly Affected[]) => Promise<number>

/** One late price changes as many averages as the window has prices. Limits a transaction to some 200 ms. */
const AVERAGES_PER_TRANSACTION = 20_000
/** Each series is locked, and PostgreSQL's lock table has a fixed size. */
const AFFECTED_PER_TRANSACTION = 1_000

/**
 * Recomputes, for each affected time of a series, the averages at it and at the n−1 times after it, for every window n.
 * They are computed from `prices` alone, so repeated, reordered and concurrent calls lead to the same table.
 */
export function createRecompute(pool: pg.Pool, windows: readonly number[], fence?: Fence): Recompute {
  const width = windows.reduce((sum, window) => sum + window, 0)
  const size = Math.min(AFFECTED_PER_TRANSACTION, Math.max(1, Math.floor(AVERAGES_PER_TRANSACTION / width)))
  return async (affected) => {
    const series = [...Map.groupBy(affected, ({ seriesId }) => seriesId)].toSorted(([a], [b]) => Number(a) - Number(b))
    const bySeries = series.flatMap(([, entries]) => entries)
    let written = 0
    for (let start = 0; start < bySeries.length; start += size) {
      written += await recomputeSlice(pool, { windows, affected: bySeries.slice(start, start + size), fence })
    }
    return written
  }
}

type Slice = {
  readonly windows: readonly number[]
  readonly affected: readonly Affected[]
  readonly fence: Fence | undefined
}

async function recomputeSlice(pool: pg.Pool, { windows, affected, fence }: Slice): Promise<number> {
  const ids = affected.map((entry) => entry.seriesId)
  const [seriesIds, eventTimes] = [idsText(ids), arrayText(affected.map((entry) => entry.eventTime))]
  const open = (client: pg.PoolClient) => lockAverages(client, ids)
  const work = async (client: pg.PoolClient) => {
    let written = 0
    for (const window of windows) {
      const { rowCount } = await client.query(RECOMPUTE, [seriesIds, eventTimes, window, ...divisorOf(window)])
      written += rowCount ?? 0
    }
    return written
  }
  return inTransactionFrom(pool, { open, work, fence })
}

/**
 * dense    series whose affected times have fewer than n−1 others between them, as live prices do: the first and the last
 *          time represent all, because each is within reach of the one before
 * reach    each affected time, or such a range of them, and the last time whose window still contains it
 * islands  overlapping reaches of a series, joined; rows between islands are not read
 * known    the averages that are stored within the islands: a right one is not even locked
 * sums     over the current price of each time (`revision desc`), from the newest to the oldest, in the order of the index.
 *          The scale of a sum is the largest scale of its inputs.
 * means    `avg(numeric)` would round twice. A mean is a finite decimal if the sum is divisible by the part of n without
 *          the factors 2 and 5, as every sum is by 1; any other is rounded half up, in whole units of 10^-p.
 *
 * `materialized` keeps the planner from running a costly part twice; `offset 0` from reading the whole table once instead
 * of each island by the index.
 */
const RECOMPUTE = `
  with affected as materialized (
    select distinct series_id, event_time from unnest($1::bigint[], $2::timestamptz[]) as t (series_id, event_time)
  ), spans as materialized (
    select series_id, min(event_time) as first, max(event_time) as last, count(*) as times from affected group by series_id
  ), dense as materialized (
    select s.series_id, s.first, s.last from spans s
     where s.times = 1 or s.times + $3::integer - 1 > (
             select count(*) from (
               select from prices p
                where p.series_id = s.series_id and p.event_time between s.first and s.last and p.revision = 1
                limit s.times + $3 - 1) as stored)
  ), ranges as (
    select * from dense
     union all
    select series_id, event_time, event_time from affected where series_id not in (select series_id from dense)
  ), reach as materialized (
    select t.series_id, t.first,
           coalesce((
             select p.event_time from prices p
              where p.series_id = t.series_id and p.event_time >= t.last and p.revision = 1
              order by p.event_time offset $3 - 1 limit 1), 'infinity') as last
      from ranges t
  ), starts as (
    select *, coalesce(first > max(last) over (
             partition by series_id order by first rows between unbounded preceding and 1 preceding), true) as starts
      from reach
  ), numbered as (
    select *, count(*) filter (where starts) over (
             partition by series_id order by first rows unbounded preceding) as island
      from starts
  ), islands as materialized (
    select series_id, min(first) as first, max(last) as last from numbered group by series_id, island
  ), known as materialized (
    select i.series_id, a.event_time, a.average from islands i
     cross join lateral (
       select event_time, average from moving_averages
        where series_id = i.series_id and window_size = $3 and event_time between i.first and i.last offset 0) as a
  ), sums as (
    select i.series_id, w.event_time, w.sum, case when scale(w.sum) <= 6 then 1e-12 else ('1e-' || scale(w.sum) + 6)::numeric end as unit
      from islands i
     cross join lateral (
       select c.event_time, sum(c.price) over inputs as sum, count(*) over inputs as points
         from (
           select distinct on (p.event_time) p.event_time, p.price from prices p
            where p.series_id = i.series_id and p.event_time <= i.last and p.event_time >= coalesce((
                    select b.event_time from prices b
                     where b.series_id = i.series_id and b.event_time < i.first and b.revision = 1
                     order by b.event_time desc offset greatest($3 - 2, 0) limit 1), '-infinity')
            order by p.event_time desc, p.revision desc) as c
       window inputs as (order by c.event_time desc rows between current row and $3 - 1 following)
     ) as w
     where w.points = $3 and w.event_time >= i.first
  ), means as materialized (
    select series_id, event_time,
           case when $4::numeric = 1 then trim_scale(sum * $5::numeric)
                when mod(sum, $4 * unit) = 0 then trim_scale(div(sum, $4 * unit) * unit * $5)
                else div(sum + $3 * 0.5 * unit, $3 * unit) * unit end as average
      from sums
  )
  insert into moving_averages (series_id, window_size, event_time, average)
  select series_id, $3, event_time, average from means m
   where not exists (
     select from known k
      where (k.series_id, k.event_time, k.average) = (m.series_id, m.event_time, m.average) and scale(k.average) = scale(m.average))
  on conflict (series_id, window_size, event_time)
  do update set average = excluded.average, computed_at = excluded.computed_at`

/** n as its part without the factors 2 and 5, and the exact decimal 1/rest of what remains: 6 is ['3', '5e-1']. */
function divisorOf(window: number): readonly [odd: string, share: string] {
  let odd = window
  while (odd % 2 === 0) odd /= 2
  while (odd % 5 === 0) odd /= 5
  const rest = BigInt(window / odd)
  let places = 0
  while (10n ** BigInt(places) % rest !== 0n) places += 1
  return [String(odd), `${10n ** BigInt(places) / rest}e-${places}`]
}
