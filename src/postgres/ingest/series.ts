import type pg from 'pg'
import type { Quote } from '../../core/prices/quote.ts'
import { turnover } from '../connection/pool.ts'

export type SeriesIds = {
  /** Finds the ids of the quotes' series and makes those that are new; ids come back in the order given. */
  of(quotes: readonly Quote[]): Promise<string[]>
  /** For ids that turned out to be wrong. */
  forget(): unknown
}

/** A service speaks of some thousands of series; far beyond that, remembering costs more than asking. */
const REMEMBERED = 100_000

/**
 * Series are made before and outside the recording transaction, so that its first write comes after its lock (design §4).
 * They are never renamed or deleted, so an id holds for as long as the connections do: behind new ones may be a server
 * that took over, and the newest series were lost on the way.
 */
export function createSeriesIds(pool: pg.Pool): SeriesIds {
  let known = new Map<string, string>()
  let learnedAt = turnover(pool)
  // Whoever is asking keeps the map that it began with.
  const forget = () => (known = new Map())

  async function learn(quotes: readonly Quote[], ids: Map<string, string>): Promise<void> {
    const { rows } = await pool.query<SeriesRow>(FIND_OR_MAKE, [
      quotes.map((quote) => quote.provider),
      quotes.map((quote) => quote.symbol),
      quotes.map((quote) => quote.currency),
    ])
    for (const row of rows) ids.set(seriesKey(row), row.id)
  }

  return {
    of: async (quotes) => {
      if (turnover(pool) !== learnedAt || known.size > REMEMBERED) forget()
      learnedAt = turnover(pool)
      const ids = known
      const unknown = quotes.filter((quote) => !ids.has(seriesKey(quote)))
      if (unknown.length > 0) await learn(unknown, ids)
      return quotes.map((quote) => ids.get(seriesKey(quote)) ?? fail(quote))
    },
    forget,
  }
}

type SeriesRow = Pick<Quote, 'provider' | 'symbol' | 'currency'> & { readonly id: string }

/** In order, so that two processes that make the same series do not wait for each other crosswise. */
const FIND_OR_MAKE = `
  with asked as (select distinct provider, symbol, currency from unnest($1::text[], $2::text[], $3::text[]) as a (provider, symbol, currency)),
  made as (
    insert into series (provider, symbol, currency)
    select a.provider, a.symbol, a.currency from asked a
     where not exists (select from series s where (s.provider, s.symbol) = (a.provider, a.symbol) and s.currency is not distinct from a.currency)
     order by 1, 2, 3
    on conflict (provider, symbol, currency) do update set symbol = excluded.symbol
    returning id, provider, symbol, currency)
  select id, provider, symbol, currency from made
  union
  select s.id, s.provider, s.symbol, s.currency from series s
    join asked a on (s.provider, s.symbol) = (a.provider, a.symbol) and s.currency is not distinct from a.currency`

function seriesKey({ provider, symbol, currency }: Pick<Quote, 'provider' | 'symbol' | 'currency'>): string {
  return `${provider}\n${symbol}\n${currency ?? ''}`
}

function fail(quote: Quote): never {
  throw new Error(`series of ${quote.symbol} was not made`)
}
