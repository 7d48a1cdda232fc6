import pg from 'pg'
import { compareInstants, type Instant } from '../prices/instant.ts'
import { judgePrice, type CurrentPrice, type Verdict } from '../prices/judge.ts'
import type { Quote, QuoteResult, RawReply, RecordReply, RecordResult } from '../prices/quote.ts'
import { inTransactionFrom, type Fence } from './transaction.ts'
import { bodyHash, KEEP_REPLY, replyValues, type Refusal } from './raw-replies.ts'
import { createSeriesIds } from './series.ts'

/** One quote on its way into the log. */
type Item = { readonly quote: Quote; readonly seriesId: string }
type Judged = Item & { readonly verdict: Verdict; readonly current: CurrentPrice }

/**
 * The only writer of `prices`. One transaction keeps the reply and what is new in it; what was there already is confirmed.
 * When the promise resolves, the prices are durable.
 * @param fence of a leader; whoever answers a request records without one
 */
export function createRecordReply(pool: pg.Pool, fence?: Fence): RecordReply {
  const seriesIds = createSeriesIds(pool)
  const record: RecordReply = async (reply, results) => {
    const quotes = results.flatMap((result) => ('quote' in result ? [result.quote] : []))
    const ids = await seriesIds.of(quotes)
    const items = quotes.map((quote, index) => ({ quote, seriesId: ids[index] ?? '' }))
    const judged = await recordItems(pool, { reply, results, items, fence })
    return toResults(reply, results, judged)
  }
  return (...told) =>
    record(...told).catch((error: unknown) => {
      if (!isUnknownSeries(error)) throw error
      seriesIds.forget()
      return record(...told)
    })
}

/** A series that we know, and the database does not: another server took over, and had not got it yet. */
function isUnknownSeries(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '23503'
}

type Work = {
  readonly reply: RawReply
  readonly results: readonly QuoteResult[]
  readonly items: readonly Item[]
  readonly fence: Fence | undefined
}

async function recordItems(pool: pg.Pool, { reply, results, items, fence }: Work): Promise<Judged[]> {
  const refused = results.some((result) => 'error' in result && KEPT_REFUSALS.has(result.error.code))
  if (items.length === 0 && !refused) return []
  // The lock first, before any write: the transaction id is taken under it, so the log keeps the order of a series.
  const open = async (client: pg.PoolClient) => {
    const [, known] = await Promise.all([lockSeries(client, items), readKnown(client, items)])
    return known
  }
  const work = async (client: pg.PoolClient, known: Stored) => {
    const judged = judgeItems(items, known, reply.receivedAt)
    const news = judged.filter(({ verdict }) => writes(verdict))
    await Promise.all([
      news.length > 0 || refused ? keepNews(client, { reply, refused: refusals(results), news }) : undefined,
      confirmNewest(client, judged, reply.receivedAt),
    ])
    return judged
  }
  return inTransactionFrom(pool, { open, work, fence })
}

/** A reply that a provider got wrong is evidence; that a symbol is unknown needs none. */
const KEPT_REFUSALS: ReadonlySet<string> = new Set(['provider_bad_data', 'no_price'])

function refusals(results: readonly QuoteResult[]) {
  return results.flatMap((result) =>
    'error' in result ? [{ symbol: result.symbol, code: result.error.code, detail: result.error.message }] : [],
  )
}

async function lockSeries(client: pg.PoolClient, items: readonly Item[]): Promise<void> {
  await client.query({ name: 'lock-series', text: LOCK_SERIES, values: [items.map((item) => item.seriesId)] })
}

/**
 * In id order, so that two transactions never wait for each other. Averages lock in another key space. Counted, so that one
 * row comes back however many there are.
 */
export const LOCK_SERIES = `
  select count(pg_advisory_xact_lock(id)) from (select distinct id from unnest($1::bigint[]) as s (id) order by id) as ordered`

/** Judges each quote against what is stored and against the quotes before it in the same reply. */
function judgeItems(items: readonly Item[], known: Stored, receivedAt: Instant): Judged[] {
  return items.map((item) => {
    const { eventTime, price } = item.quote
    const timeKey = `${item.seriesId} ${eventTime}`
    const newest = known.newest.get(item.seriesId)
    const current = known.current.get(timeKey)
    const verdict = judgePrice({ price, eventTime, receivedAt }, { newest, current })
    const kept = current === undefined || writes(verdict) ? unwritten(item, verdict, receivedAt) : current
    known.current.set(timeKey, kept)
    if (!verdict.late) known.newest.set(item.seriesId, eventTime)
    return { ...item, verdict, current: kept }
  })
}

function writes({ outcome }: Verdict): boolean {
  return outcome === 'recorded' || outcome === 'corrected'
}

/** The row to be; its id, times and reply are filled in once it is written. */
function unwritten(item: Item, verdict: Verdict, receivedAt: Instant): CurrentPrice {
  const { revision, late } = verdict
  const correction = late && revision > 1
  return {
    priceId: '',
    price: item.quote.price,
    revision,
    correction,
    receivedAt,
    recordedAt: receivedAt,
    rawResponseId: '',
  }
}

type KnownRow = { readonly series_id: string; readonly event_time: Instant; readonly newest: Instant | null } & {
  [column in keyof CurrentPrice]: CurrentPrice[column] | null
}

/** By series, and by series and time; grows with what is judged. */
type Stored = { readonly newest: Map<string, Instant>; readonly current: Map<string, CurrentPrice> }

async function readKnown(client: pg.PoolClient, items: readonly Item[]): Promise<Stored> {
  const { rows } = await client.query<KnownRow>({
    name: 'read-known',
    text: READ_KNOWN,
    values: [items.map((item) => item.seriesId), items.map((item) => item.quote.eventTime)],
  })
  const newest = new Map<string, Instant>()
  const current = new Map<string, CurrentPrice>()
  for (const row of rows) {
    if (row.newest !== null) newest.set(row.series_id, row.newest)
    if (row.priceId !== null) current.set(`${row.series_id} ${row.event_time}`, row as CurrentPrice)
  }
  return { newest, current }
}

/**
 * Most prices are newer than all that is stored: then one descent of the index finds nothing, and no row is read. The length
 * of a list that comes by `select` is hidden from the planner, which else plans short ones anew each time; so below.
 */
const READ_KNOWN = `
  select q.series_id, q.event_time, newest.event_time as newest, current.*
    from unnest((select $1::bigint[]), (select $2::timestamptz[])) as q (series_id, event_time)
    left join lateral (
      select p.event_time from prices p where p.series_id = q.series_id and p.event_time >= q.event_time
       order by p.event_time desc, p.revision desc limit 1) as newest on true
    left join lateral (
      select p.id as "priceId", p.price, p.revision, p.correction, p.received_at as "receivedAt",
             p.recorded_at as "recordedAt", p.raw_response_id as "rawResponseId"
        from prices p where newest.event_time is not null and p.series_id = q.series_id and p.event_time = q.event_time
       order by p.revision desc limit 1) as current on true`

type News = { readonly reply: RawReply; readonly refused: readonly Refusal[]; readonly news: readonly Judged[] }

async function keepNews(client: pg.PoolClient, { reply, refused, news }: News): Promise<void> {
  const values = [
    ...replyValues(reply, refused),
    news.map((item) => item.seriesId),
    news.map((item) => item.quote.eventTime),
    news.map((item) => item.verdict.revision),
    news.map((item) => item.verdict.late),
    news.map((item) => item.quote.price),
  ]
  const { rows } = await client.query<KeptRow>({ name: 'keep-news', text: KEEP_NEWS, values })
  for (const [index, item] of news.entries()) {
    const row = rows[index]
    if (row === undefined) throw new Error('a price was not written')
    // The same object stands in for later, equal quotes of this reply.
    Object.assign(item.current, row)
  }
}

type KeptRow = Pick<CurrentPrice, 'priceId' | 'recordedAt' | 'rawResponseId'>

const KEEP_NEWS = `${KEEP_REPLY}
  insert into prices (series_id, event_time, revision, late, price, received_at, raw_response_id, epoch)
  select q.series_id, q.event_time, q.revision, q.late, q.price, reply.received_at, reply.id, e.epoch
    from unnest((select $11::bigint[]), $12::timestamptz[], $13::integer[], $14::boolean[], $15::numeric[])
         with ordinality as q (series_id, event_time, revision, late, price, n)
   cross join reply cross join log_epoch e
   order by q.n
  returning id as "priceId", recorded_at as "recordedAt", raw_response_id as "rawResponseId"`

/** The newest time of each series is confirmed; what else the provider said of the series goes with it. */
async function confirmNewest(client: pg.PoolClient, judged: readonly Judged[], confirmedAt: Instant): Promise<void> {
  const newest = new Map<string, Judged>()
  for (const item of judged) {
    const before = newest.get(item.seriesId)
    const isNewer = before === undefined || compareInstants(item.quote.eventTime, before.quote.eventTime) >= 0
    if (!item.verdict.late && item.verdict.outcome !== 'outdated' && isNewer) newest.set(item.seriesId, item)
  }
  if (newest.size === 0) return
  const items = [...newest.values()]
  const column = <T>(pick: (quote: Quote) => T) => items.map(({ quote }) => pick(quote))
  const values = [
    items.map(({ seriesId }) => seriesId),
    confirmedAt,
    column((quote) => quote.providerSymbol),
    column((quote) => quote.marketState),
    column((quote) => quote.delaySeconds),
    column((quote) => quote.previousClose),
    column((quote) => quote.extended?.price),
    column((quote) => quote.extended?.timestamp),
    column((quote) => quote.extended?.session),
  ]
  await client.query({ name: 'confirm', text: CONFIRM, values })
}

/** Never back: a reply that was received earlier may be recorded later. */
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
   where s.confirmed_at <= excluded.confirmed_at`

function toResults(reply: RawReply, results: readonly QuoteResult[], judged: readonly Judged[]): RecordResult[] {
  const inOrder = judged.values()
  const replySha256 = bodyHash(reply.body).toString('hex')
  return results.map((result) => {
    const item = 'quote' in result ? inOrder.next().value : undefined
    if (item === undefined) return result as Extract<QuoteResult, { error: unknown }>
    const { quote, seriesId, verdict, current } = item
    const price = { ...quote, ...current, seriesId, confirmedAt: reply.receivedAt }
    return { symbol: result.symbol, outcome: verdict.outcome, price, replySha256 }
  })
}
