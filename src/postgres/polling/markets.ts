import type pg from 'pg'
import { CONFIRMED_LAST } from '../connection/confirmed-at.ts'
import { exchangeOf, type MarketStatus } from '../../core/polling/market-hours.ts'
import type { MarketState } from '../../core/prices/quote.ts'

/** What is known of the markets of symbols; none of a symbol without a price. */
export type ReadMarkets = (provider: string, symbols: readonly string[]) => Promise<ReadonlyMap<string, MarketStatus>>

/** Reads the exchange from the newest quote, and the state and the delay as the provider reported them last. */
export function createReadMarkets(pool: pg.Pool): ReadMarkets {
  return async (provider, symbols) => {
    const { rows } = await pool.query<MarketRow>(READ_MARKETS, [provider, symbols])
    return new Map(
      rows.map(({ symbol, code, ...reported }) => [symbol, { exchange: exchangeOf(provider, code), ...reported }]),
    )
  }
}

type MarketRow = {
  readonly symbol: string
  readonly code: string | null
  readonly state: MarketState
  readonly delaySeconds: number | null
}

/** The exchange's code of a row `s`, as the provider spells it. */
const EXCHANGE_CODE =
  '(select d.exchange_code from symbol_details d where d.provider = s.provider and d.symbol = s.symbol)'

/** Of several currencies, the series that the provider confirmed last. */
const READ_MARKETS = `
  select distinct on (s.symbol) s.symbol, ${EXCHANGE_CODE} as code, coalesce(st.market_state, 'unknown') as state, st.delay_seconds as "delaySeconds"
    from series s
    left join series_state st on st.series_id = s.id
    left join lateral (
      select received_at from prices where series_id = s.id order by event_time desc, revision desc limit 1) as p on true
   where s.provider = $1 and s.symbol = any($2::text[]) and (st.series_id is not null or p.received_at is not null)
   order by s.symbol, ${CONFIRMED_LAST}`

/** The exchanges (MIC) of jobs that run only in market hours. */
export async function readExchangesOfJobs(pool: pg.Pool): Promise<readonly string[]> {
  const { rows } = await pool.query<{ provider: string; code: string | null }>(EXCHANGES_OF_JOBS)
  return [...new Set(rows.flatMap(({ provider, code }) => exchangeOf(provider, code) ?? []))].toSorted()
}

const EXCHANGES_OF_JOBS = `
  select distinct s.provider, ${EXCHANGE_CODE} as code from polling_jobs s where s.market_hours <> 'always'`
