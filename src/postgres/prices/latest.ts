import type pg from 'pg'
import type { Decimal } from '../../lib/decimal.ts'
import type { Instant } from '../../lib/instant.ts'
import type { ReadLatest } from '../../core/ingest/read-through.ts'
import type { ExtendedPrice, StoredPrice } from '../../core/prices/quote.ts'
import { CONFIRMED_AT, NOT_AHEAD } from '../connection/confirmed-at.ts'

/** Reads the newest price of each symbol; of several currencies, that of the newest price. */
export function createReadLatest(pool: pg.Pool): ReadLatest {
  return async ({ provider, symbols, currency }) => {
    const { rows } = await pool.query<LatestRow>({
      name: 'read-latest',
      text: READ_LATEST,
      values: [provider, symbols, currency ?? null],
    })
    return new Map(rows.map((row) => [row.symbol, toStoredPrice(row)]))
  }
}

type LatestRow = Omit<StoredPrice, 'extended' | 'name'> & {
  readonly name: string | null
  readonly extended_price: Decimal | null
  readonly extended_at: Instant | null
  readonly extended_session: ExtendedPrice['session'] | null
}

/**
 * Of equal times the series counts that the provider confirmed last: it may change the currency and change it back. A
 * confirmation in the future was stored by a wrong clock, and counts least.
 */
const READ_LATEST = `
  select distinct on (s.symbol)
         s.symbol, s.provider, s.currency, s.id as "seriesId",
         p.id as "priceId", p.price, p.event_time as "eventTime", p.revision, p.correction,
         p.received_at as "receivedAt", p.recorded_at as "recordedAt", p.raw_response_id as "rawResponseId",
         coalesce(st.provider_symbol, s.symbol) as "providerSymbol", confirmed.at as "confirmedAt",
         coalesce(st.market_state, 'unknown') as "marketState",
         st.delay_seconds as "delaySeconds", st.previous_close as "previousClose",
         st.extended_price, st.extended_at, st.extended_session, d.name
    from series s
    left join symbol_details d on d.provider = s.provider and d.symbol = s.symbol
   cross join lateral (
      select * from prices where prices.series_id = s.id order by event_time desc, revision desc limit 1) as p
    left join series_state st on st.series_id = s.id
   cross join lateral (select ${CONFIRMED_AT} as at) as confirmed
   where s.provider = $1 and s.symbol = any($2::text[]) and ($3::text is null or s.currency = $3)
   order by s.symbol, p.event_time desc,
         case when confirmed.at <= ${NOT_AHEAD} then confirmed.at end desc nulls last,
         p.id desc`

function toStoredPrice({ extended_price, extended_at, extended_session, name, ...price }: LatestRow): StoredPrice {
  const hasExtended = extended_price !== null && extended_at !== null && extended_session !== null
  return {
    ...price,
    ...(name !== null && { name }),
    extended: hasExtended ? { price: extended_price, timestamp: extended_at, session: extended_session } : null,
  }
}
