import type pg from 'pg'
import { CLOCK_TOLERANCE_MS } from '../../lib/clock.ts'
import { compareInstants, instantFromMillis, type Instant } from '../../lib/instant.ts'
import { writes, type Decided, type Item, type ReplyTimes } from '../../core/ingest/revision.ts'
import type { Quote } from '../../core/prices/quote.ts'
import { NOT_AHEAD } from '../connection/confirmed-at.ts'
import { arrayText, idsText, textArray, type Plain } from '../connection/parameters.ts'

/** The ids of some quotes' series, as the text of a parameter. */
export function seriesIdsText(items: readonly Item[]): string {
  return idsText(items.map((item) => item.seriesId))
}

/** What a provider says about a series besides its price, in the order of `stateValues`. */
const STATE = {
  provider_symbol: 'text',
  market_state: 'text',
  delay_seconds: 'integer',
  previous_close: 'numeric',
  extended_price: 'numeric',
  extended_at: 'timestamptz',
  extended_session: 'text',
} as const

const NAMES = Object.keys(STATE)
/** Equal only if each digit is: to PostgreSQL, 1.50 is 1.5. */
const digitsOf = (alias: string) =>
  `${columnsOf(alias)}, scale(${alias}.previous_close), scale(${alias}.extended_price)`
const columnsOf = (alias: string) => NAMES.map((name) => `${alias}.${name}`).join(', ')

/** The columns of a state, for the list of columns after an `unnest`. */
export const STATE_COLUMNS = NAMES.join(', ')

/** The arrays of states from the parameter `$first` on; wrapped, so that the planner does not see their length. */
export function stateArrays(first: number): string {
  return Object.values(STATE)
    .map((type, at) => `(select $${first + at}::${type}[])`)
    .join(', ')
}

/** The values of `stateArrays`. */
export function stateValues(items: readonly Item[]): unknown[] {
  const column = (pick: (quote: Quote) => Plain) => {
    const values = items.map(({ quote }) => pick(quote))
    // `unnest` fills a column without values with nulls; most replies have several such columns.
    return values.every((value) => value == null) ? null : arrayText(values)
  }
  return [
    textArray(items.map(({ quote }) => quote.providerSymbol)),
    column((quote) => quote.marketState),
    column((quote) => quote.delaySeconds),
    column((quote) => quote.previousClose),
    column((quote) => quote.extended?.price),
    column((quote) => quote.extended?.timestamp),
    column((quote) => quote.extended?.session),
  ]
}

/** A stored time after this one was written while a clock was ahead. */
export function notAhead(now: number): Instant {
  return instantFromMillis(now + CLOCK_TOLERANCE_MS)
}

/**
 * Writes the states `q` (series_id, received_at, is_new, and the columns of a state) that have to be written: the first one
 * of a series, one that differs in any digit, and that of a price that was confirmed without being new. A new price is its
 * own confirmation (`CONFIRMED_AT`); its state is written again after five minutes, for readers of version 0.2.0, to which
 * a state that is 15 minutes old means nothing. It is also written while the clock that received the price is ahead of the
 * server's, which would not take the price for a confirmation.
 *
 * Nothing is written for a reply that was received before the last confirmation. But a time ahead of `$limit` was stored by a
 * wrong clock and counts for nothing. Run it under the locks of the series, and before their new prices are inserted.
 */
export function writeStates(q: string, limit: string): string {
  return `
  insert into series_state (series_id, confirmed_at, ${STATE_COLUMNS})
  select q.series_id, q.received_at, ${columnsOf('q')}
    from ${q} as q
    left join lateral (select * from series_state one where one.series_id = q.series_id limit 1) as s on true
   where s.series_id is null or s.confirmed_at > ${limit} or (
         (not q.is_new or s.confirmed_at < q.received_at - interval '5 min' or q.received_at > ${NOT_AHEAD}
          or (${digitsOf('s')}) is distinct from (${digitsOf('q')}))
         and s.confirmed_at <= q.received_at and not exists (
           select from (select p.received_at from prices p where p.series_id = q.series_id
                         order by p.event_time desc, p.revision desc limit 1) as newest
            where newest.received_at > q.received_at and newest.received_at <= ${limit}))
  on conflict (series_id) do update set
    confirmed_at = excluded.confirmed_at, ${NAMES.map((name) => `${name} = excluded.${name}`).join(', ')}`
}

/** Confirms the newest time of each series, and stores what else the provider reported about the series. */
export async function confirmNewest(
  client: pg.PoolClient,
  decided: readonly Decided[],
  { receivedAt, now }: ReplyTimes,
): Promise<void> {
  const items = newestOf(decided)
  if (items.length === 0) return
  const isNew = arrayText(items.map(({ decision }) => writes(decision)))
  const values = [receivedAt, notAhead(now), seriesIdsText(items), isNew, ...stateValues(items)]
  await client.query({ name: 'confirm', text: CONFIRM, values })
}

/** The newest quote of each series, of those that may confirm one. */
function newestOf(decided: readonly Decided[]): Decided[] {
  const newest = new Map<string, Decided>()
  for (const item of decided) {
    const before = newest.get(item.seriesId)
    const isNewer = before === undefined || compareInstants(item.quote.eventTime, before.quote.eventTime) >= 0
    if (!item.decision.late && item.decision.outcome !== 'outdated' && isNewer) newest.set(item.seriesId, item)
  }
  return [...newest.values()]
}

const CONFIRM = writeStates(
  `(select $1::timestamptz as received_at, * from unnest((select $3::bigint[]), (select $4::boolean[]), ${stateArrays(5)})
      as one (series_id, is_new, ${STATE_COLUMNS}))`,
  '$2::timestamptz',
)
