import type pg from 'pg'
import { CLOCK_TOLERANCE_MS } from '../../lib/clock.ts'
import { compareInstants, instantFromMillis } from '../../lib/instant.ts'
import type { Decided, ReplyTimes } from '../../core/ingest/revision.ts'
import type { Quote } from '../../core/prices/quote.ts'
import { arrayText, type Plain } from '../connection/parameters.ts'
import { seriesIdsText } from './known-prices.ts'

/** Confirms the newest time of each series, and stores what else the provider reported about the series. */
export async function confirmNewest(
  client: pg.PoolClient,
  decided: readonly Decided[],
  { receivedAt, now }: ReplyTimes,
): Promise<void> {
  const newest = new Map<string, Decided>()
  for (const item of decided) {
    const before = newest.get(item.seriesId)
    const isNewer = before === undefined || compareInstants(item.quote.eventTime, before.quote.eventTime) >= 0
    if (!item.decision.late && item.decision.outcome !== 'outdated' && isNewer) newest.set(item.seriesId, item)
  }
  if (newest.size === 0) return
  const items = [...newest.values()]
  const column = (pick: (quote: Quote) => Plain) => arrayText(items.map(({ quote }) => pick(quote)))
  const values = [
    seriesIdsText(items),
    receivedAt,
    // The provider's own text: it may contain any character.
    items.map(({ quote }) => quote.providerSymbol),
    column((quote) => quote.marketState),
    column((quote) => quote.delaySeconds),
    column((quote) => quote.previousClose),
    column((quote) => quote.extended?.price),
    column((quote) => quote.extended?.timestamp),
    column((quote) => quote.extended?.session),
    instantFromMillis(now + CLOCK_TOLERANCE_MS),
  ]
  await client.query({ name: 'confirm', text: CONFIRM, values })
}

/**
 * The time never goes back: a reply that was received earlier may be stored later. But a time ahead of now was stored while
 * a clock was ahead, and is replaced.
 */
const CONFIRM = `
  insert into series_state as s
  select q.series_id, q.provider_symbol, $2, q.market_state, q.delay_seconds, q.previous_close,
         q.extended_price, q.extended_at, q.extended_session
    from unnest($1::bigint[], $3::text[], $4::text[], $5::integer[], $6::numeric[], $7::numeric[], $8::timestamptz[], $9::text[])
         as q (series_id, provider_symbol, market_state, delay_seconds, previous_close, extended_price, extended_at, extended_session)
  on conflict (series_id) do update set
    provider_symbol = excluded.provider_symbol, confirmed_at = excluded.confirmed_at, market_state = excluded.market_state,
    delay_seconds = excluded.delay_seconds, previous_close = excluded.previous_close,
    extended_price = excluded.extended_price, extended_at = excluded.extended_at, extended_session = excluded.extended_session
   where s.confirmed_at <= excluded.confirmed_at or s.confirmed_at > $10`
