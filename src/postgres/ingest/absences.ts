import type pg from 'pg'
import { absenceError, type Absence } from '../../core/ingest/absence.ts'
import type { QuoteResult, RawReply } from '../../core/prices/quote.ts'
import { CLOCK_TOLERANCE_MS } from '../../lib/clock.ts'

/** The same results; a symbol that is missing from the reply is unknown only if it never had a price, or is missing for long. */
export async function withAbsences(
  pool: pg.Pool,
  { provider, receivedAt }: RawReply,
  results: readonly QuoteResult[],
): Promise<readonly QuoteResult[]> {
  const missing = results.flatMap((result) => (isMissing(result) ? [result.symbol] : []))
  if (missing.length === 0) return results
  const { rows } = await pool.query<Absence>(COUNT_ABSENCES, [provider, missing, receivedAt])
  const bySymbol = new Map(rows.map((row) => [row.symbol, row]))
  return results.map((result) => {
    const absence = bySymbol.get(result.symbol)
    if (!('error' in result) || absence === undefined) return result
    return { symbol: result.symbol, error: absenceError(result.error, absence, receivedAt) }
  })
}

function isMissing(result: QuoteResult): boolean {
  return 'error' in result && result.error.code === 'symbol_not_found'
}

/**
 * Of the symbols that have a price. Counting starts again if the symbol was confirmed since the last absence, or if the first
 * one lies in the future. In order, so that two replies never wait for each other.
 */
const COUNT_ABSENCES = `
  insert into symbol_absences as a (provider, symbol, absences, first_at, last_at)
  select $1, s.symbol, 1, $3, $3
    from series s
   where s.provider = $1 and s.symbol = any($2::text[])
     and (exists (select from series_state st where st.series_id = s.id) or exists (select from prices p where p.series_id = s.id))
   group by s.symbol order by s.symbol
  on conflict (provider, symbol) do update set
    absences = case when ${startsAgain()} then 1 else a.absences + 1 end,
    first_at = case when ${startsAgain()} then excluded.first_at else a.first_at end,
    last_at = excluded.last_at
  returning symbol, absences, first_at as "firstAt"`

/** A time further ahead was written by a wrong clock. */
function isSince(time: string): string {
  return `${time} > a.last_at and ${time} <= excluded.last_at + interval '${CLOCK_TOLERANCE_MS} ms'`
}

function startsAgain(): string {
  return `(a.first_at > excluded.first_at or exists (
    select from series s
      left join series_state st on st.series_id = s.id
      left join lateral (
        select received_at from prices where series_id = s.id order by event_time desc, revision desc limit 1) as p on true
     where s.provider = a.provider and s.symbol = a.symbol
       and (${isSince('st.confirmed_at')} or ${isSince('p.received_at')})))`
}
