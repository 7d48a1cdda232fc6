import type pg from 'pg'
import type { ReadSweepSlice } from '../../core/averages/sweep.ts'
import type { Affected } from '../../core/log/entry.ts'
import type { LogPosition } from '../../core/log/position.ts'
import { HIGH_WATER_MARK, positionOf } from '../log/log.ts'

/** Rows of a slice; few, since each of them may be recomputed. */
const SLICE = 1_000
/** Younger suspects may still be computed by the consumer or the follower. */
const AGE_SECONDS = 60

/** Reads slices of the log for the sweep, up to the first suspect that is less than a minute old. */
export function createReadSweepSlice(pool: pg.Pool, ageSeconds = AGE_SECONDS): ReadSweepSlice {
  return async (window, { epoch, xid, id }) => {
    const values = [epoch, xid, id, SLICE, window, ageSeconds]
    const { rows } = await pool.query<Row>({ name: 'read-sweep-slice', text: READ_SLICE, values })
    const young = rows.findIndex((row) => row.suspect && !row.ripe)
    const ripe = young < 0 ? rows : rows.slice(0, young)
    const last = ripe.at(-1)
    return last && { position: positionOf(last), suspects: ripe.filter((row) => row.suspect) }
  }
}

type Row = LogPosition & Affected & { readonly ripe: boolean; readonly suspect: boolean }

/**
 * A price is suspect if its own average is missing, and also if it came late or replaced another: then averages that do
 * exist may be those from before. The first n−1 prices of a series have no average; recomputing them writes nothing.
 */
const READ_SLICE = `
  with slice as materialized (
    select * from prices
     where (epoch, xid, id) > ($1, $2, $3) and (epoch, xid) < (${HIGH_WATER_MARK})
     order by epoch, xid, id limit $4)
  select p.epoch::text, p.xid, p.id, p.series_id as "seriesId", p.event_time as "eventTime",
         p.recorded_at <= clock_timestamp() - make_interval(secs => $6) as ripe,
         p.late or p.revision > 1 or not exists (
           select from moving_averages a
            where a.series_id = p.series_id and a.window_size = $5 and a.event_time = p.event_time offset 0) as suspect
    from slice p
   order by p.epoch, p.xid, p.id`
