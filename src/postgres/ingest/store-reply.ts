import type pg from 'pg'
import { systemClock, type Clock } from '../../lib/clock.ts'
import type { Decided } from '../../core/ingest/revision.ts'
import type { QuoteResult, StoreReply, RecordResult } from '../../core/prices/quote.ts'
import { isForeignKeyViolation } from '../connection/errors.ts'
import type { Fence } from '../connection/transaction.ts'
import { withAbsences } from './absences.ts'
import { createGroupCommit } from './group-commit.ts'
import { evidenceOf } from './raw-replies.ts'
import { createSeriesIds } from './series.ts'
import { storeEntries } from './store-entries.ts'
import type { Entry } from './store-new.ts'
import { createSymbolDetails } from './symbol-details.ts'

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
  const storeTogether = (entries: readonly Entry[], waitMs: number) =>
    storeEntries(pool, entries, { fence, waitMs, now: clock.now() })
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
    const decided = isSmall ? await storeSmall(entry) : (await storeTogether([entry], 0))[0]
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
