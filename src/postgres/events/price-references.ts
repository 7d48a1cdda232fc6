import type pg from 'pg'
import type { PriceReference, Resolution, FindPrices } from '../../core/events/price-reference.ts'

/** How long prices are kept: a message about an older price is expired, not wrong. */
type Kept = {
  readonly pricesDays: number | undefined
  readonly syntheticProviders: readonly string[]
  readonly syntheticDays: number
}

/** Finds the stored prices that messages name, a whole batch in one statement. */
export function createFindPrices(pool: pg.Pool, { pricesDays, syntheticProviders, syntheticDays }: Kept): FindPrices {
  return async (references) => {
    const column = <T>(pick: (reference: PriceReference) => T) => references.map(pick)
    const values = [
      column(({ symbol }) => symbol),
      column(({ provider }) => provider),
      column(({ eventTime }) => eventTime),
      column(({ price }) => price),
      column(({ rawResponseId }) => rawResponseId),
      pricesDays ?? null,
      syntheticDays,
      syntheticProviders,
    ]
    const { rows } = await pool.query<Row>({ name: 'find-prices', text: FIND_PRICES, values })
    const found = Map.groupBy(rows, ({ at }) => Number(at) - 1)
    return references.map((reference, at) => toResolution(reference, found.get(at) ?? []))
  }
}

type Row = {
  readonly at: string
  readonly isExpired: boolean
  readonly seriesId: string
  /** Null if the series has no such price. */
  readonly priceId: string | null
}

function toResolution({ position, eventTime }: PriceReference, rows: readonly Row[]): Resolution {
  const matching = rows.filter(({ priceId }) => priceId !== null)
  const exact = matching.filter(({ priceId }) => priceId === position?.id)
  const seriesIds = (exact.length > 0 ? exact : matching).map(({ seriesId }) => seriesId)
  if (seriesIds.length > 0)
    return { outcome: 'found', affected: seriesIds.map((seriesId) => ({ seriesId, eventTime })) }
  if (rows.some(({ isExpired }) => isExpired)) return { outcome: 'expired' }
  return { outcome: rows.length > 0 ? 'unknown_price' : 'unknown_series' }
}

/** A row for each series of the symbol, in any currency. The few series of a batch are looked up once. */
const FIND_PRICES = `
  with named as materialized (
    select * from unnest($1::text[], $2::text[], $3::timestamptz[], $4::numeric[], $5::bigint[])
      with ordinality as n (symbol, provider, event_time, price, raw_response_id, at)
  ), known as materialized (
    select s.id, s.symbol, s.provider, now() - make_interval(days =>
             case when s.provider = any($8::text[]) then $7::integer else $6::integer end) as cut
      from (select distinct symbol, provider from named) as n
      join series s on s.symbol = n.symbol and s.provider = n.provider
  )
  select n.at, k.id as "seriesId", coalesce(n.event_time < k.cut, false) as "isExpired", (
           select p.id from prices p
            where p.series_id = k.id and p.event_time = n.event_time
              and p.price = n.price and p.raw_response_id = n.raw_response_id limit 1) as "priceId"
    from named n join known k on k.symbol = n.symbol and k.provider = n.provider`
