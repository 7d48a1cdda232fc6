import type pg from 'pg'
import type { Instant } from '../../lib/instant.ts'
import { timeKey, type Item, type Stored } from '../../core/ingest/revision.ts'
import type { CurrentPrice } from '../../core/ingest/revision.ts'
import { arrayText, idsText } from '../connection/parameters.ts'

/** The ids of some quotes' series, as the text of a parameter. */
export function seriesIdsText(items: readonly Item[]): string {
  return idsText(items.map((item) => item.seriesId))
}

type KnownRow = { readonly series_id: string; readonly event_time: Instant; readonly newest: Instant | null } & {
  [column in keyof CurrentPrice]: CurrentPrice[column] | null
}

/** Reads what is stored at the times of some quotes or later; under the locks of their series, so that it stays true. */
export async function readKnown(client: pg.PoolClient, items: readonly Item[]): Promise<Stored> {
  const { rows } = await client.query<KnownRow>({
    name: 'read-known',
    text: READ_KNOWN,
    values: [seriesIdsText(items), arrayText(items.map((item) => item.quote.eventTime))],
  })
  const newest = new Map<string, Instant>()
  const current = new Map<string, CurrentPrice>()
  for (const row of rows) {
    if (row.newest !== null) newest.set(row.series_id, row.newest)
    if (row.priceId !== null) current.set(timeKey(row.series_id, row.event_time), row as CurrentPrice)
  }
  return { newest, current }
}

/**
 * Most prices are newer than all that are stored: then one descent of the index finds nothing, and no row is read. The
 * planner does not see the length of a list that is wrapped in a `select`; otherwise it would plan short lists each time.
 */
const READ_KNOWN = `
  select q.series_id, q.event_time, newest.event_time as newest, current.*
    from unnest((select $1::bigint[]), (select $2::timestamptz[])) as q (series_id, event_time)
    left join lateral (
      select p.event_time from prices p where p.series_id = q.series_id and p.event_time >= q.event_time
       order by p.event_time desc, p.revision desc limit 1) as newest on true
    left join lateral (
      select p.id as "priceId", p.price, p.revision, p.correction, p.received_at as "receivedAt",
             p.recorded_at as "recordedAt", p.raw_response_id as "rawResponseId"
        from prices p where newest.event_time is not null and p.series_id = q.series_id and p.event_time = q.event_time
       order by p.revision desc limit 1) as current on true`
