import type pg from 'pg'
import { CONFIRMED_LAST } from '../connection/confirmed-at.ts'
import { asciiUpper } from '../../lib/symbol.ts'
import type { FindStoredSymbols, StoredSymbol } from '../../core/prices/symbols.ts'

/** Finds stored symbols by a part of their spelling or name, in any currency. */
export function createFindStoredSymbols(pool: pg.Pool): FindStoredSymbols {
  return async ({ query, provider, symbols, after, limit }) => {
    const { rows } = await pool.query<StoredSymbol>({
      name: 'find-symbols',
      text: FIND_SYMBOLS,
      values: [
        asciiUpper(query ?? ''),
        provider ?? null,
        symbols ?? null,
        after?.symbol ?? null,
        after?.provider ?? null,
        limit,
      ],
    })
    return rows
  }
}

/** `strpos` and not `like`: the query is never a pattern. */
const FIND_SYMBOLS = `
  select s.symbol, s.provider, min(coalesce(st.provider_symbol, s.symbol)) as "providerSymbol",
         max(p.event_time) as "lastPriceAt",
         (array_agg(s.currency order by p.event_time desc nulls last, ${CONFIRMED_LAST}))[1] as currency,
         d.name, d.exchange, d.type
    from series s
    left join series_state st on st.series_id = s.id
    left join symbol_details d on d.provider = s.provider and d.symbol = s.symbol
    left join lateral (
      select event_time, received_at from prices where series_id = s.id order by event_time desc, revision desc limit 1) as p on true
   where (st.series_id is not null or p.event_time is not null)
     and ($1 = '' or strpos(upper(s.symbol), $1) > 0 or strpos(upper(d.name), $1) > 0) and ($2::text is null or s.provider = $2)
     and ($3::text[] is null or s.symbol = any($3))
     and ($4::text is null or
          (s.symbol <> $1, strpos(s.symbol, $1) <> 1, s.symbol, s.provider) > ($4 <> $1, strpos($4, $1) <> 1, $4, $5::text))
   group by s.symbol, s.provider, d.name, d.exchange, d.type
   order by s.symbol <> $1, strpos(s.symbol, $1) <> 1, s.symbol, s.provider
   limit $6`
