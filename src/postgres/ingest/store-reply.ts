import type pg from 'pg'
import { systemClock, type Clock } from '../../lib/clock.ts'
import { decideRevisions, writes, type Item, type Decided, type Stored } from '../../core/ingest/revision.ts'
import type { CurrentPrice } from '../../core/ingest/revision.ts'
import type { QuoteResult, RawReply, StoreReply, RecordResult } from '../../core/prices/quote.ts'
import { lockSeries } from '../connection/locks.ts'
import { arrayText } from '../connection/parameters.ts'
import { isForeignKeyViolation } from '../connection/errors.ts'
import { confirmNewest } from './confirm.ts'
import { readKnown, seriesIdsText } from './known-prices.ts'
import { bodyHash, KEEP_REPLY, replyValues, type Refusal } from './raw-replies.ts'
import { createSeriesIds } from './series.ts'
import { createSymbolDetails, type NewDetails } from './symbol-details.ts'
import { withAbsences } from './absences.ts'
import { inTransactionFrom, type Fence } from '../connection/transaction.ts'

/**
 * The only writer of `prices`. One transaction stores the reply with its new prices, and confirms those that were stored
 * before. When the promise resolves, the prices are durable.
 * @param fence of a leader; a process that answers a request stores without one
 */
export function createStoreReply(pool: pg.Pool, fence?: Fence, clock: Pick<Clock, 'now'> = systemClock): StoreReply {
  const seriesIds = createSeriesIds(pool)
  const newDetails = createSymbolDetails()
  const store: StoreReply = async (reply, parsed) => {
    const results = await withAbsences(pool, reply, parsed)
    const details = newDetails(reply, results)
    const quotes = results.flatMap((result) => ('quote' in result ? [result.quote] : []))
    const ids = await seriesIds.of(quotes)
    const items = quotes.map((quote, index) => ({ quote, seriesId: ids[index] as string }))
    const decided = await storeItems(pool, { reply, results, items, fence, now: clock.now(), details })
    details?.onStored()
    return toResults(reply, results, decided)
  }
  return (reply, results) =>
    store(reply, results).catch((error: unknown) => {
      // A series that we know and the database does not: another server took over before the series was replicated to it.
      if (!isForeignKeyViolation(error)) throw error
      seriesIds.forget()
      return store(reply, results)
    })
}

type Work = {
  readonly reply: RawReply
  readonly results: readonly QuoteResult[]
  readonly items: readonly Item[]
  readonly fence: Fence | undefined
  /** Milliseconds since 1970. */
  readonly now: number
  readonly details: NewDetails | undefined
}

async function storeItems(pool: pg.Pool, { reply, results, items, fence, now, details }: Work): Promise<Decided[]> {
  const refused = results.some((result) => isEvidence(result))
  if (items.length === 0 && !refused) return []
  // The lock precedes any write: the transaction id is assigned under it, so the log keeps the order of a series.
  const open = async (client: pg.PoolClient) => {
    const locked = lockSeries(
      client,
      items.map((item) => item.seriesId),
    )
    const [, known] = await Promise.all([locked, readKnown(client, items)])
    return known
  }
  const work = async (client: pg.PoolClient, known: Stored) => {
    const decided = decideRevisions(items, known, { receivedAt: reply.receivedAt, now })
    const newPrices = decided.filter(({ decision }) => writes(decision))
    await Promise.all([
      newPrices.length > 0 || refused
        ? storeNewPrices(client, { reply, refused: refusals(results), newPrices })
        : undefined,
      details?.write(client),
      confirmNewest(client, decided, { receivedAt: reply.receivedAt, now }),
    ])
    return decided
  }
  return inTransactionFrom(pool, { open, work, fence })
}

/** A wrong reply of a provider is kept as evidence; an unknown symbol needs none. */
const KEPT_REFUSALS: ReadonlySet<string> = new Set(['provider_bad_data', 'no_price'])

function isEvidence(result: QuoteResult): boolean {
  return 'error' in result ? KEPT_REFUSALS.has(result.error.code) : result.leftOut !== undefined
}

function refusals(results: readonly QuoteResult[]) {
  return results.flatMap((result) => {
    const error = 'error' in result ? result.error : result.leftOut
    return error ? [{ symbol: result.symbol, code: error.code, detail: error.message }] : []
  })
}

type NewPrices = {
  readonly reply: RawReply
  readonly refused: readonly Refusal[]
  readonly newPrices: readonly Decided[]
}

async function storeNewPrices(client: pg.PoolClient, { reply, refused, newPrices }: NewPrices): Promise<void> {
  const values = [
    ...replyValues(reply, refused),
    seriesIdsText(newPrices),
    arrayText(newPrices.map((item) => item.quote.eventTime)),
    arrayText(newPrices.map((item) => item.decision.revision)),
    arrayText(newPrices.map((item) => item.decision.late)),
    arrayText(newPrices.map((item) => item.quote.price)),
  ]
  const { rows } = await client.query<KeptRow>({ name: 'store-prices', text: STORE_PRICES, values })
  for (const [index, item] of newPrices.entries()) {
    const row = rows[index]
    if (row === undefined) throw new Error('a price was not written')
    // Later, equal quotes of this reply share the object.
    Object.assign(item.current, row)
  }
}

type KeptRow = Pick<CurrentPrice, 'priceId' | 'recordedAt' | 'rawResponseId'>

const STORE_PRICES = `${KEEP_REPLY}
  insert into prices (series_id, event_time, revision, late, price, received_at, raw_response_id, epoch)
  select q.series_id, q.event_time, q.revision, q.late, q.price, reply.received_at, reply.id, e.epoch
    from unnest((select $11::bigint[]), $12::timestamptz[], $13::integer[], $14::boolean[], $15::numeric[])
         with ordinality as q (series_id, event_time, revision, late, price, n)
   cross join reply cross join log_epoch e
   order by q.n
  returning id as "priceId", recorded_at as "recordedAt", raw_response_id as "rawResponseId"`

function toResults(reply: RawReply, results: readonly QuoteResult[], decided: readonly Decided[]): RecordResult[] {
  const inOrder = decided.values()
  const replySha256 = bodyHash(reply.body).toString('hex')
  return results.map((result) => {
    const item = 'quote' in result ? inOrder.next().value : undefined
    if (item === undefined) return result as Extract<QuoteResult, { error: unknown }>
    const { quote, seriesId, decision, current } = item
    const price = { ...quote, ...current, seriesId, confirmedAt: reply.receivedAt }
    return { symbol: result.symbol, outcome: decision.outcome, price, replySha256 }
  })
}
