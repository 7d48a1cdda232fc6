import type pg from 'pg'
import type { Decimal } from '../../lib/decimal.ts'
import type { Instant } from '../../lib/instant.ts'
import type { ReadLatest } from '../../core/ingest/read-through.ts'
import type { ExtendedPrice, StoredPrice } from '../../core/prices/quote.ts'

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

type LatestRow = Omit<StoredPrice, 'extended'> & {
  readonly extended_price: Decimal | null
  readonly extended_at: Instant | null
  readonly extended_session: ExtendedPrice['session'] | null
}

const READ_LATEST = `
  select distinct on (s.symbol)
         s.symbol, s.provider, s.currency, s.id as "seriesId",
         p.id as "priceId", p.price, p.event_time as "eventTime", p.revision, p.correction,
         p.received_at as "receivedAt", p.recorded_at as "recordedAt", p.raw_response_id as "rawResponseId",
         st.provider_symbol as "providerSymbol", st.confirmed_at as "confirmedAt", st.market_state as "marketState",
         st.delay_seconds as "delaySeconds", st.previous_close as "previousClose",
         st.extended_price, st.extended_at, st.extended_session
    from series s
    join series_state st on st.series_id = s.id
   cross join lateral (
      select * from prices where prices.series_id = s.id order by event_time desc, revision desc limit 1) as p
   where s.provider = $1 and s.symbol = any($2::text[]) and ($3::text is null or s.currency = $3)
   order by s.symbol, p.event_time desc, p.id desc`

function toStoredPrice({ extended_price, extended_at, extended_session, ...price }: LatestRow): StoredPrice {
  const hasExtended = extended_price !== null && extended_at !== null && extended_session !== null
  return {
    ...price,
    extended: hasExtended ? { price: extended_price, timestamp: extended_at, session: extended_session } : null,
  }
}
