import type pg from 'pg'
import type { Announcement, Resolution, ResolveAnnouncements } from '../prices/announcement.ts'

/** How long prices are kept; what is older may be gone, and is then nobody's fault. */
type Kept = { readonly pricesDays: number | undefined; readonly simulatedDays: number }

/** Finds the stored prices that messages name, a whole batch in one statement. */
export function createResolveAnnouncements(pool: pg.Pool, { pricesDays, simulatedDays }: Kept): ResolveAnnouncements {
  return async (announcements) => {
    const column = <T>(pick: (one: Announcement) => T) => announcements.map(pick)
    const values = [
      column((one) => one.symbol),
      column((one) => one.provider),
      column((one) => one.eventTime),
      column((one) => one.price),
      column((one) => one.rawResponseId),
      column((one) => one.place?.id ?? null),
      pricesDays ?? null,
      simulatedDays,
    ]
    const { rows } = await pool.query<Row>({ name: 'resolve-announcements', text: RESOLVE, values })
    return announcements.map(({ eventTime }, at) => toResolution(rows[at], eventTime))
  }
}

type Row = {
  readonly isKnown: boolean
  readonly isExpired: boolean
  readonly exact: string | null
  readonly all: string[]
}

function toResolution(row: Row | undefined, eventTime: Announcement['eventTime']): Resolution {
  const seriesIds = row?.exact ? [row.exact] : (row?.all ?? [])
  if (seriesIds.length > 0) return { outcome: 'found', touched: seriesIds.map((seriesId) => ({ seriesId, eventTime })) }
  if (row?.isExpired) return { outcome: 'expired' }
  return { outcome: row?.isKnown ? 'unknown_price' : 'unknown_series' }
}

/** `exact`: the price at the place that the message gives, if it is one of those that the five members fit. */
const RESOLVE = `
  select exists (select from series s where s.symbol = n.symbol and s.provider = n.provider) as "isKnown",
         coalesce(n.event_time < now() - make_interval(days =>
           case when n.provider = 'simulated' then $8::integer else $7::integer end), false) as "isExpired",
         found.exact, found.all
    from unnest($1::text[], $2::text[], $3::timestamptz[], $4::numeric[], $5::bigint[], $6::bigint[])
           with ordinality as n (symbol, provider, event_time, price, raw_response_id, price_id, at)
   cross join lateral (
     select min(p.series_id::text) filter (where p.id = n.price_id) as exact,
            coalesce(array_agg(p.series_id::text), '{}') as all
       from series s
       join prices p on p.series_id = s.id and p.event_time = n.event_time
      where s.symbol = n.symbol and s.provider = n.provider
        and p.price = n.price and p.raw_response_id = n.raw_response_id offset 0) as found
   order by n.at`
