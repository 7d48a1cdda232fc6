import type pg from 'pg'
import { systemClock, type Clock } from '../../lib/clock.ts'
import { decideRevisions, writes, type CurrentPrice, type Decided, type Stored } from '../../core/ingest/revision.ts'
import type { QuoteResult, StoreReply, RecordResult } from '../../core/prices/quote.ts'
import { lockForStoring } from '../connection/locks.ts'
import { arrayText } from '../connection/parameters.ts'
import { isForeignKeyViolation } from '../connection/errors.ts'
import { createGroupCommit } from './group-commit.ts'
import { evidenceOf, KEEP_REPLY, replyValues } from './raw-replies.ts'
import { createSeriesIds } from './series.ts'
import { confirmNewest, seriesIdsText } from './series-state.ts'
import { storeNew, type Entry } from './store-new.ts'
import { createSymbolDetails } from './symbol-details.ts'
import { withAbsences } from './absences.ts'
import { inTransactionFrom, type Fence } from '../connection/transaction.ts'

/** Replies with fewer prices share transactions. */
const LARGE = 50

/**
 * The only writer of `prices`. One transaction stores the reply with its new prices, and confirms those that were stored
 * before. When the promise resolves, the prices are durable.
 * @param fence of a leader; a process that answers a request stores without one
 */
export function createStoreReply(pool: pg.Pool, fence?: Fence, clock: Pick<Clock, 'now'> = systemClock): StoreReply {
  const seriesIds = createSeriesIds(pool)
  const newDetails = createSymbolDetails()
  const storeTogether = (entries: readonly Entry[]) => storeEntries(pool, entries, { fence, now: clock.now() })
  const storeSmall = createGroupCommit(storeTogether)
  const store: StoreReply = async (reply, parsed) => {
    const results = await withAbsences(pool, reply, parsed)
    const quotes = results.flatMap((result) => ('quote' in result ? [result.quote] : []))
    if (quotes.length === 0 && !results.some(isEvidence)) return results as Refused[]
    const ids = await seriesIds.of(quotes)
    const items = quotes.map((quote, index) => ({ quote, seriesId: ids[index] as string }))
    const details = newDetails(reply, results)
    const entry = { ...evidenceOf(reply, refusals(results)), isEvidence: results.some(isEvidence), items, details }
    // Details are written once; those of two groups might wait for each other.
    const isSmall = items.length < LARGE && details === undefined
    const decided = isSmall ? await storeSmall(entry) : (await storeTogether([entry]))[0]
    details?.onStored()
    return toResults(entry, results, decided ?? [])
  }
  return (reply, results) =>
    store(reply, results).catch((error: unknown) => {
      // A series that we know and the database does not: another server took over before the series was replicated to it.
      if (!isForeignKeyViolation(error)) throw error
      seriesIds.forget()
      return store(reply, results)
    })
}

type Options = {
  readonly fence: Fence | undefined
  /** Milliseconds since 1970. */
  readonly now: number
}

/**
 * Stores entries in one transaction; no two have a series in common.
 * @returns what was decided about the quotes of each
 */
function storeEntries(
  pool: pg.Pool,
  entries: readonly Entry[],
  { fence, now }: Options,
): Promise<(readonly Decided[])[]> {
  // The lock precedes any write: the transaction id is assigned under it, so the log keeps the order of a series.
  const open = async (client: pg.PoolClient) => {
    const locked = lockForStoring(
      client,
      entries.flatMap(({ items }) => items.map(({ seriesId }) => seriesId)),
    )
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
  return inTransactionFrom(pool, { open, work, fence })
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

type Refused = Extract<QuoteResult, { error: unknown }>

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

function toResults(entry: Entry, results: readonly QuoteResult[], decided: readonly Decided[]): RecordResult[] {
  const { receivedAt } = entry.reply
  const replySha256 = entry.sha256.toString('hex')
  const inOrder = decided.values()
  return results.map((result) => {
    const item = 'quote' in result ? inOrder.next().value : undefined
    if (item === undefined) return result as Refused
    const { quote, seriesId, decision, current } = item
    const price = { ...quote, ...current, seriesId, confirmedAt: receivedAt }
    return { symbol: result.symbol, outcome: decision.outcome, price, replySha256 }
  })
}
