import type pg from 'pg'
import { timeKey, type CurrentPrice, type Decided, type Item, type Stored } from '../../core/ingest/revision.ts'
import type { Instant } from '../../lib/instant.ts'
import { IS_STORING } from '../connection/locks.ts'
import { arrayText } from '../connection/parameters.ts'
import { replyColumns, type Evidence } from './raw-replies.ts'
import { notAhead, seriesIdsText, STATE_COLUMNS, stateArrays, stateValues, writeStates } from './series-state.ts'
import type { NewDetails } from './symbol-details.ts'

/** A reply with what is to be stored of it. */
export type Entry = Evidence & {
  /** Its quotes. */
  readonly items: readonly Item[]
  readonly details: NewDetails | undefined
  /** Whether it is kept even if it has no new price. */
  readonly isEvidence: boolean
}

/** What became of some entries: those that were stored at once, by their place, and what is known about the others. */
export type Looked = { readonly stored: ReadonlyMap<number, readonly Decided[]>; readonly known: Stored }

/**
 * Stores each entry whose quotes are all newer than what is stored, as nearly all are, and reads what is known at the times
 * of the others. It is sent together with `begin` and the locks of the series, and writes nothing without them
 * (`lockForStoring`).
 * @param entries no two with a series in common
 */
export async function storeNew(client: pg.PoolClient, entries: readonly Entry[], now: number): Promise<Looked> {
  const items = entries.flatMap((entry) => entry.items)
  const values = [
    ...replyColumns(entries),
    arrayText(entries.map(hasEachSeriesOnce)),
    arrayText(entries.flatMap((entry, at) => entry.items.map(() => at + 1))),
    seriesIdsText(items),
    arrayText(items.map(({ quote }) => quote.eventTime)),
    arrayText(items.map(({ quote }) => quote.price)),
    ...stateValues(items),
    notAhead(now),
  ]
  const { rows } = await client.query<Row>({ name: 'store-new', text: STORE_NEW, values })
  const looked = { stored: new Map<number, Decided[]>(), known: { newest: new Map(), current: new Map() } }
  for (const row of rows) {
    if (row.at === null) looked.stored.set(row.reply - 1, decidedOf(entries[row.reply - 1] as Entry, row))
    else addKnown(looked.known, items[row.at - 1] as Item, row)
  }
  return looked
}

/** Prices of one series in one reply are decided one after the other. */
function hasEachSeriesOnce({ items }: Entry): boolean {
  return items.length < 2 || new Set(items.map(({ seriesId }) => seriesId)).size === items.length
}

type StoredRow = {
  /** The place of the reply, from 1. */
  readonly reply: number
  readonly rawResponseId: string
  readonly recordedAt: Instant
  /** The ids of its prices in their order; null if it has none. */
  readonly ids: string | null
}

type KnownRow = { readonly newest: Instant } & { [column in keyof CurrentPrice]: CurrentPrice[column] | null }

/** A reply that was stored, or what is known at the time of a quote: the columns of the other are null. */
type Row = (StoredRow & { readonly at: null }) | (KnownRow & { readonly at: number })

const NEW = { outcome: 'recorded', revision: 1, late: false } as const

function decidedOf({ reply, items }: Entry, { rawResponseId, recordedAt, ids }: StoredRow): Decided[] {
  const priceIds = ids?.split(',') ?? []
  if (priceIds.length !== items.length) throw new Error('a price was not written')
  const shared = { revision: 1, correction: false, receivedAt: reply.receivedAt, recordedAt, rawResponseId }
  return items.map((item, at) => {
    const current = { priceId: priceIds[at] as string, price: item.quote.price, ...shared }
    return { ...item, decision: NEW, current }
  })
}

function addKnown({ newest, current }: Stored, { seriesId, quote }: Item, row: KnownRow): void {
  newest.set(seriesId, row.newest)
  if (row.priceId !== null) current.set(timeKey(seriesId, quote.eventTime), row as CurrentPrice)
}

/**
 * Most prices are newer than all that are stored: then one descent of the index finds nothing, and no row is read. The
 * `order by` keeps to the index even where the plan was made for a table that was still empty.
 */
const KNOWN = `
  select q.at, q.reply, newest.event_time as newest, current.*
    from q
   cross join lateral (
      select p.event_time from prices p where p.series_id = q.series_id and p.event_time >= q.event_time
       order by p.event_time desc, p.revision desc limit 1) as newest
    left join lateral (
      select p.id as "priceId", p.price, p.revision, p.correction, p.received_at as "receivedAt",
             p.recorded_at as "recordedAt", p.raw_response_id as "rawResponseId"
        from prices p where p.series_id = q.series_id and p.event_time = q.event_time
       order by p.revision desc limit 1) as current on true`

/** The states of the entries that are stored. */
const NEW_STATES = `(
  select state.*, r.received_at, true as is_new
    from unnest((select $12::integer[]), (select $13::bigint[]), ${stateArrays(16)}) as state (reply, series_id, ${STATE_COLUMNS})
    join stored_reply r using (reply))`

/**
 * The rows of an `insert` have no place, but their ids ascend with it. The equal bodies of several replies are one body; in
 * order, so that two transactions never wait for each other.
 */
const STORE_NEW = `
  with given as materialized (
    select * from unnest((select $1::bytea[]), (select $2::text[]), (select $3::bytea[]), (select $4::text[]),
             (select $5::text[]), (select $6::text[]), (select $7::integer[]), (select $8::integer[]),
             (select $9::timestamptz[]), (select $10::jsonb[]), (select $11::boolean[])) with ordinality
        as r (sha256, encoding, body, provider, symbols, request, status, parser_version, received_at, refused, is_plain, reply)
  ), q as materialized (
    select * from unnest((select $12::integer[]), (select $13::bigint[]), (select $14::timestamptz[]),
             (select $15::numeric[])) with ordinality as q (reply, series_id, event_time, price, at)
  ), known as materialized (${KNOWN}
  ), fresh as materialized (
    select * from given
     where is_plain and ${IS_STORING} and not exists (select from known where known.reply = given.reply)
  ), body as (
    insert into raw_bodies (sha256, encoding, body)
    select distinct on (sha256) sha256, encoding, body from fresh order by sha256
    on conflict (sha256) do update set sha256 = excluded.sha256
  ), kept as (
    insert into raw_responses (provider, symbols, request, status, sha256, parser_version, received_at, refused)
    select provider, symbols::text[], request, status, sha256, parser_version, received_at, refused from fresh order by reply
    returning id, received_at
  ), stored_reply as materialized (
    select reply, id, received_at, clock_timestamp() as recorded_at
      from (select id, received_at, row_number() over (order by id) as n from kept) as kept
      join (select reply, row_number() over (order by reply) as n from fresh) as fresh using (n)
  ), stored as (
    insert into prices (series_id, event_time, revision, late, price, received_at, recorded_at, raw_response_id, epoch)
    select q.series_id, q.event_time, 1, false, q.price, r.received_at, r.recorded_at, r.id, (select epoch from log_epoch)
      from q join stored_reply r using (reply)
     order by q.at
    returning id, raw_response_id
  ), state as (${writeStates(NEW_STATES, '$23::timestamptz')}
  )
  select w.reply::integer, w.ids, coalesce(w.id, known."rawResponseId") as "rawResponseId",
         coalesce(w.recorded_at, known."recordedAt") as "recordedAt", known.at::integer, known.newest, known."priceId",
         known.price, known.revision, known.correction, known."receivedAt"
    from (select r.reply, r.id, r.recorded_at, string_agg(s.id::text, ',' order by s.id) as ids
            from stored_reply r left join stored s on s.raw_response_id = r.id group by r.reply, r.id, r.recorded_at) as w
    full join known on false`
