import type pg from 'pg'
import { systemClock } from '../src/lib/clock.ts'
import { createIngest, type Ingest } from '../src/core/ingest/ingest.ts'
import { instantFromMillis } from '../src/lib/instant.ts'
import type { QuoteProvider } from '../src/core/prices/quote.ts'
import { createStoreReply } from '../src/postgres/ingest/store-reply.ts'
import { localReply, parseLocalReply } from '../src/providers/transport/local-reply.ts'
import type { Scale } from './interleave.ts'

/** The ingest of the service, on a provider that returns a new price of every symbol on each request. */
export function createSustainedIngest(pool: pg.Pool): Ingest {
  const provider = createSustainedProvider()
  return createIngest({
    providerOf: () => provider,
    record: createStoreReply(pool),
    notify: () => {},
    observe: () => {},
    clock: systemClock,
  })
}

/** Responds immediately; the prices of each reply are a millisecond later than those of the one before. */
function createSustainedProvider(): QuoteProvider {
  let replies = 0
  const firstMs = Date.now() - 86_400_000
  return {
    name: 'sustained',
    parserVersion: 1,
    maxBatch: 500,
    advisedIntervalSeconds: 1,
    fetchReply: async (symbols) => {
      const timestamp = instantFromMillis(firstMs + ++replies)
      const price = `${100 + (replies % 100)}.${10 + (replies % 90)}`
      const quotes = symbols.map((symbol) => ({ symbol, price, timestamp, currency: 'USD' }))
      const request = { symbols, request: 'GET https://sustained.example/quotes', parserVersion: 1 }
      return localReply({ provider: 'sustained', note: '', quotes }, request, systemClock)
    },
    parseReply: parseLocalReply,
  }
}

/** The symbols of one worker; no other worker has them. */
export function symbolsOf(worker: number, count: number): string[] {
  return Array.from({ length: count }, (_, at) => `W${worker}S${at}`)
}

export type Fill = {
  readonly series: number
  readonly rows: number
  /** Also inserts averages and the checkpoints of their readers, so that a service that starts on the data has nothing to do. */
  readonly averages?: boolean
}

/** Readers of the log read batches of 5,000, so a round may read that many more than intended. */
const BATCH = 5_000

/** The number of rows that a reader of the log reads in all rounds. */
export function rowsToRead({ events, rounds }: Scale): number {
  return (events + BATCH) * (rounds + 1)
}

/** Rows in a transaction. */
const SLICE = 1_000_000

/** Inserts prices one second apart up to now, stored as they come in: for each second, one of every series. */
export async function fillPrices(pool: pg.Pool, { series, rows, averages = false }: Fill): Promise<void> {
  await pool.query(INSERT_SERIES, [series])
  const seconds = Math.ceil(rows / series)
  const step = Math.max(1, Math.floor(SLICE / series))
  for (let from = 0; from < seconds; from += step) {
    const values = [series, from, Math.min(from + step, seconds) - 1, seconds]
    await pool.query(INSERT_PRICES, values)
    if (averages) await pool.query(INSERT_AVERAGES, values)
  }
  if (averages) await pool.query(INSERT_CHECKPOINTS)
  await pool.query('vacuum analyze')
}

const INSERT_SERIES = `
  with inserted as (
    insert into series (provider, symbol, currency)
    select 'simulated', 'S' || n, 'USD' from generate_series(1, $1) as n returning id, symbol)
  insert into series_state (series_id, provider_symbol, confirmed_at, market_state)
  select id, symbol, now() + interval '1 hour', 'open' from inserted`

const INSERT_PRICES = `
  insert into prices (series_id, event_time, revision, late, price, received_at, raw_response_id, epoch)
  select n, date_trunc('second', now()) - ($4::integer - s) * interval '1 second', 1, false,
         100 + (n + s) % 100 + 0.01 * (s % 100), now(), 1, 1
    from generate_series($2::integer, $3::integer) as s cross join generate_series(1, $1) as n
   order by s, n`

/** The numbers are arbitrary, because only the size of the table matters. */
const INSERT_AVERAGES = `
  insert into moving_averages (series_id, window_size, event_time, average)
  select n, 5, date_trunc('second', now()) - ($4::integer - s) * interval '1 second', 123.456
    from generate_series($2::integer, $3::integer) as s cross join generate_series(1, $1) as n`

const INSERT_CHECKPOINTS = `
  insert into log_positions (reader, epoch, xid, id)
  select reader, epoch, xid, id
    from (values ('averages:5'), ('sweep:5')) as r (reader),
         (select epoch, xid, id from prices order by epoch desc, xid desc, id desc limit 1) as p`
