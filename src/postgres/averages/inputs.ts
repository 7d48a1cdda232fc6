import type pg from 'pg'
import type { MeanInput } from '../../core/averages/running-mean.ts'
import type { ReadInputsBefore } from '../../core/averages/running-sums.ts'
import { arrayText, idsText } from '../connection/parameters.ts'

/** Reads the prices that are stored for the last times before entries of the log. */
export function createReadInputsBefore(pool: pg.Pool): ReadInputsBefore {
  return async (entries, limit) => {
    const { rows } = await pool.query<MeanInput & { readonly seriesId: string }>(READ_BEFORE, [
      idsText(entries.map(({ seriesId }) => seriesId)),
      arrayText(entries.map(({ eventTime }) => eventTime)),
      limit,
    ])
    return Map.groupBy(rows, ({ seriesId }) => seriesId)
  }
}

/** Never a named statement: its plan might be kept from an empty table. */
const READ_BEFORE = `
  select t.series_id as "seriesId", p.event_time as "eventTime", p.price
    from unnest($1::bigint[], $2::timestamptz[]) as t (series_id, event_time)
   cross join lateral (
     select distinct on (b.event_time) b.event_time, b.price from prices b
      where b.series_id = t.series_id and b.event_time < t.event_time
      order by b.event_time desc, b.revision desc limit $3) as p
   order by t.series_id, p.event_time`
