import type pg from 'pg'
import { decideRevisions, writes, type CurrentPrice, type Decided, type Stored } from '../../core/ingest/revision.ts'
import { lockForStoring } from '../connection/locks.ts'
import { arrayText } from '../connection/parameters.ts'
import { reportStored } from '../connection/pool.ts'
import { inTransactionFrom, type Fence } from '../connection/transaction.ts'
import { KEEP_REPLY, replyValues } from './raw-replies.ts'
import { confirmNewest, seriesIdsText } from './series-state.ts'
import { storeNew, type Entry } from './store-new.ts'

type Options = {
  readonly fence: Fence | undefined
  /** After which a lock is given up, and everything with it; 0 waits as long as the pool allows. */
  readonly waitMs: number
  /** Milliseconds since 1970. */
  readonly now: number
}

/**
 * Stores entries in one transaction; no two have a series in common.
 * @returns what was decided about the quotes of each
 */
export async function storeEntries(
  pool: pg.Pool,
  entries: readonly Entry[],
  { fence, waitMs, now }: Options,
): Promise<(readonly Decided[])[]> {
  // The lock precedes any write: the transaction id is assigned under it, so the log keeps the order of a series.
  const open = async (client: pg.PoolClient) => {
    const seriesIds = entries.flatMap(({ items }) => items.map(({ seriesId }) => seriesId))
    const locked = lockForStoring(client, seriesIds, waitMs)
    const [, looked] = await Promise.all([locked, storeNew(client, entries, now)])
    return looked
  }
  const work = (client: pg.PoolClient, { stored, known }: Awaited<ReturnType<typeof open>>) =>
    Promise.all(
      entries.map(async (entry, at) => {
        const [decided] = await Promise.all([
          stored.get(at) ?? decideAndStore(client, entry, { known, now }),
          entry.details?.write(client),
        ])
        return decided
      }),
    )
  const decided = await inTransactionFrom(pool, { open, work, fence })
  if (decided.some((quotes) => quotes.some(({ decision }) => writes(decision)))) reportStored(pool)
  return decided
}

type Known = { readonly known: Stored; readonly now: number }

/** Stores a reply of which something may be stored already. */
async function decideAndStore(client: pg.PoolClient, entry: Entry, { known, now }: Known): Promise<Decided[]> {
  const times = { receivedAt: entry.reply.receivedAt, now }
  const decided = decideRevisions(entry.items, known, times)
  const newPrices = decided.filter(({ decision }) => writes(decision))
  await Promise.all([
    confirmNewest(client, decided, times),
    newPrices.length > 0 || entry.isEvidence ? storeNewPrices(client, entry, newPrices) : undefined,
  ])
  return decided
}

async function storeNewPrices(client: pg.PoolClient, entry: Entry, newPrices: readonly Decided[]): Promise<void> {
  const values = [
    ...replyValues(entry),
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
