import type pg from 'pg'
import type { PastPrice, ReadHistory } from '../../core/prices/history.ts'
import { rangeValues } from '../connection/parameters.ts'

/** Reads prices by event time. A page starts after a key, so rows that are added between two pages neither repeat nor hide one. */
export function createReadHistory(pool: pg.Pool): ReadHistory {
  return async ({ order, withSuperseded, after, ...request }) => {
    const { rows } = await pool.query<PastPrice>(readHistory(order, withSuperseded), [
      ...rangeValues(request),
      after?.eventTime ?? null,
      after?.seriesId ?? null,
      ...(withSuperseded ? [after?.revision ?? null] : []),
    ])
    return rows
  }
}

/** The columns of a `PastPrice`, for statements that read `prices` as `p` with its series as `s`. */
export const PAST_PRICE = `
  p.id as "priceId", p.series_id as "seriesId", p.event_time as "eventTime", p.price, s.currency,
  p.received_at as "receivedAt", p.recorded_at as "recordedAt", p.raw_response_id as "rawResponseId", p.revision,
  p.correction`

/**
 * Each series is read along its index up to the limit, and then they are merged. If only current prices are requested, a
 * time is never read twice, even if its price is superseded between two pages. Never a named statement: a plan for any range
 * and limit would read the whole series.
 */
function readHistory(order: 'asc' | 'desc', withSuperseded: boolean): string {
  const [beyond, reach] = order === 'asc' ? ['>', '>='] : ['<', '<=']
  const behind = withSuperseded
    ? `(p.event_time, p.series_id, p.revision) ${beyond} ($7, $8::bigint, $9::integer)`
    : `(p.event_time, p.series_id) ${beyond} ($7, $8::bigint)`
  const [choice, revisions] = withSuperseded ? ['', order] : ['distinct on (p.event_time)', 'desc']
  return `
    select ${PAST_PRICE}
      from series s
     cross join lateral (
        select ${choice} * from prices p
         where p.series_id = s.id and p.event_time >= $4::timestamptz and p.event_time < $5::timestamptz
           and ($7::timestamptz is null or p.event_time ${reach} $7 and ${behind})
         order by p.event_time ${order}, p.revision ${revisions} limit $6) as p
     where s.provider = $1 and s.symbol = $2 and ($3::text is null or s.currency = $3)
     order by p.event_time ${order}, p.series_id ${order}, p.revision ${order} limit $6`
}
