import type pg from 'pg'
import type { Quote } from '../../core/prices/quote.ts'
import { turnover } from '../connection/pool.ts'

export type SeriesIds = {
  /** Returns the ids of the quotes' series, in the order of the quotes; creates new series. */
  of(quotes: readonly Quote[]): Promise<string[]>
  /** Call it when an id turned out to be wrong. */
  forget(): unknown
}

/** The most ids in memory. A service uses some thousands of series; far beyond that, memory costs more than queries. */
const MAX_KNOWN = 100_000

/**
 * Series are created before and outside the transaction that stores prices, so that its first write comes after its lock
 * (docs/decisions/0005-the-log-is-the-prices-table.md). They are never renamed or deleted, so an id is valid as long as the connections are:
 * a new connection may lead to a server that took over without the newest series.
 */
export function createSeriesIds(pool: pg.Pool): SeriesIds {
  let known = new Map<string, string>()
  let knownSince = turnover(pool)
  // A call that is running keeps the map that it began with.
  const forget = () => (known = new Map())

  async function load(quotes: readonly Quote[], ids: Map<string, string>): Promise<void> {
    const { rows } = await pool.query<SeriesRow>(FIND_OR_CREATE, [
      quotes.map((quote) => quote.provider),
      quotes.map((quote) => quote.symbol),
      quotes.map((quote) => quote.currency),
    ])
    for (const row of rows) ids.set(seriesKey(row), row.id)
  }

  return {
    of: async (quotes) => {
      if (turnover(pool) !== knownSince || known.size > MAX_KNOWN) forget()
      knownSince = turnover(pool)
      const ids = known
      const unknown = quotes.filter((quote) => !ids.has(seriesKey(quote)))
      if (unknown.length > 0) await load(unknown, ids)
      return quotes.map((quote) => ids.get(seriesKey(quote)) ?? fail(quote))
    },
    forget,
  }
}

type SeriesRow = Pick<Quote, 'provider' | 'symbol' | 'currency'> & { readonly id: string }

/** In order, so that two processes that create the same series never wait for each other. */
const FIND_OR_CREATE = `
  with requested as (select distinct provider, symbol, currency from unnest($1::text[], $2::text[], $3::text[]) as a (provider, symbol, currency)),
  created as (
    insert into series (provider, symbol, currency)
    select a.provider, a.symbol, a.currency from requested a
     where not exists (select from series s where (s.provider, s.symbol) = (a.provider, a.symbol) and s.currency is not distinct from a.currency)
     order by 1, 2, 3
    on conflict (provider, symbol, currency) do update set symbol = excluded.symbol
    returning id, provider, symbol, currency)
  select id, provider, symbol, currency from created
  union
  select s.id, s.provider, s.symbol, s.currency from series s
    join requested a on (s.provider, s.symbol) = (a.provider, a.symbol) and s.currency is not distinct from a.currency`

function seriesKey({ provider, symbol, currency }: Pick<Quote, 'provider' | 'symbol' | 'currency'>): string {
  return `${provider}\n${symbol}\n${currency ?? ''}`
}

function fail(quote: Quote): never {
  throw new Error(`the series of ${quote.symbol} was not created`)
}
