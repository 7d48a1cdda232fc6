import type pg from 'pg'
import type { MeanInput } from '../../core/averages/running-mean.ts'
import type { ReadInputsBefore } from '../../core/averages/running-sums.ts'
import { arrayText, idsText } from '../connection/parameters.ts'

/** Reads the prices that come before entries of the log: those that were current at that position. */
export function createReadInputsBefore(pool: pg.Pool): ReadInputsBefore {
  return async (entries, limit) => {
    const positions = entries.map(({ position }) => position)
    const { rows } = await pool.query<MeanInput & { readonly seriesId: string }>(READ_BEFORE, [
      idsText(entries.map(({ seriesId }) => seriesId)),
      arrayText(entries.map(({ eventTime }) => eventTime)),
      idsText(positions.map(({ epoch }) => epoch)),
      idsText(positions.map(({ xid }) => xid)),
      idsText(positions.map(({ id }) => id)),
      limit,
    ])
    return Map.groupBy(rows, ({ seriesId }) => seriesId)
  }
}

/**
 * The entry is newer than all prices before it, so none of them has a later time: the scan of the index begins at its time, and
 * skips what was stored later. Never a named statement: its plan might be kept from an empty table.
 */
const READ_BEFORE = `
  select t.series_id as "seriesId", p.event_time as "eventTime", p.price
    from unnest($1::bigint[], $2::timestamptz[], $3::integer[], $4::xid8[], $5::bigint[])
         as t (series_id, event_time, epoch, xid, id)
   cross join lateral (
     select distinct on (b.event_time) b.event_time, b.price from prices b
      where b.series_id = t.series_id and b.event_time < t.event_time and (b.epoch, b.xid, b.id) < (t.epoch, t.xid, t.id)
      order by b.event_time desc, b.revision desc limit $6) as p
   order by t.series_id, p.event_time`
