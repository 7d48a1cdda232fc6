import type pg from 'pg'
import type { HistoryRequest, PriceLine, ReadHistory } from '../../core/prices/history.ts'
import { rangeValues } from '../connection/parameters.ts'
import { pageCondition, readLines, type NamedStatement, type PagePlace } from '../connection/pages.ts'

/** Reads prices by event time. A page starts after a key, so rows that are added between two pages neither repeat nor hide one. */
export function createReadHistory(pool: pg.Pool): ReadHistory {
  return (request) => readLines<PriceLine>(pool, historyStatement(request))
}

/** The statement of a page, named by its text, and its values. */
export function historyStatement({ order, withSuperseded, after, ...request }: HistoryRequest): NamedStatement {
  const place = { order, isNext: after !== undefined }
  const key = after === undefined ? [] : [after.eventTime, after.seriesId, ...(withSuperseded ? [after.revision] : [])]
  return {
    name: `read-history-${order}${place.isNext ? '-next' : ''}${withSuperseded ? '-superseded' : ''}`,
    text: readHistory(place, withSuperseded),
    values: [...rangeValues(request), ...key],
  }
}

/**
 * Each series is read along its index up to the limit, and then they are merged. If only current prices are requested, a
 * time is never read twice, even if its price is superseded between two pages.
 */
function readHistory({ order, isNext }: PagePlace, withSuperseded: boolean): string {
  // The first comparison is what bounds the index, in which the series comes first.
  const after = withSuperseded
    ? 'p.event_time ?= $7::timestamptz and (p.event_time, p.series_id, p.revision) ? ($7, $8::bigint, $9::integer)'
    : 'p.event_time ?= $7::timestamptz and (p.event_time, p.series_id) ? ($7, $8::bigint)'
  const [choice, revisions] = withSuperseded ? ['', order] : ['distinct on (p.event_time)', 'desc']
  return `
    select string_agg(concat_ws('|', p.id, p.event_time, p.price, p.received_at, p.recorded_at, p.raw_response_id,
                                p.revision, p.correction, p.series_id, p.currency), E'\\n') as lines
      from (
        select p.*, s.currency
          from series s
         cross join lateral (
            select ${choice} * from prices p
             where p.series_id = s.id and p.event_time >= $4::timestamptz and p.event_time < $5::timestamptz
               ${pageCondition({ order, isNext }, after)}
             order by p.event_time ${order}, p.revision ${revisions} limit $6) as p
         where s.provider = $1 and s.symbol = $2 and ($3::text is null or s.currency = $3)
         order by p.event_time ${order}, p.series_id ${order}, p.revision ${order} limit $6) as p`
}
