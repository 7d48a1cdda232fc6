import type pg from 'pg'
import type { MovingAverage, ReadNewestAverage } from '../../core/averages/average.ts'

/** Reads the newest average of one series. */
export function createReadNewestAverage(pool: pg.Pool): ReadNewestAverage {
  return async (seriesId, window) => {
    const { rows } = await pool.query<MovingAverage>(READ_NEWEST, [seriesId, window])
    return rows[0]
  }
}

const READ_NEWEST = `
  select a.series_id as "seriesId", s.currency, a.window_size as window, a.event_time as "eventTime", a.average,
         a.computed_at as "computedAt", null as inputs
    from moving_averages a
    join series s on s.id = a.series_id
   where a.series_id = $1 and a.window_size = $2
   order by a.event_time desc limit 1`
