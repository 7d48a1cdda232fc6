import type pg from 'pg'
import { systemClock } from '../src/lib/clock.ts'
import { createIngest, type Ingest } from '../src/core/ingest/ingest.ts'
import { instantFromMillis } from '../src/lib/instant.ts'
import type { QuoteProvider } from '../src/core/prices/quote.ts'
import { createStoreReply } from '../src/postgres/ingest/store-reply.ts'
import { localReply, parseLocalReply } from '../src/providers/transport/local-reply.ts'
import type { Scale } from './rounds.ts'

/** The door by which prices come in, on a provider that has a new price of each symbol whenever it is asked. */
export function createFeed(pool: pg.Pool): Ingest {
  const source = createSustained()
  return createIngest({
    providerOf: () => source,
    record: createStoreReply(pool),
    notify: () => {},
    observe: () => {},
    clock: systemClock,
  })
}

/** Answers at once, and makes each reply a millisecond younger than the one before. */
function createSustained(): QuoteProvider {
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
      const asked = { symbols, request: 'GET https://tireless.example/quotes', parserVersion: 1 }
      return localReply({ provider: 'sustained', note: '', quotes }, asked, systemClock)
    },
    parseReply: parseLocalReply,
  }
}

/** Symbols that no other worker has. */
export function symbolsOf(worker: number, count: number): string[] {
  return Array.from({ length: count }, (_, at) => `W${worker}S${at}`)
}

export type Filling = { readonly series: number; readonly rows: number; readonly averages?: boolean }

/** Readers of the log take it in batches of 5,000, so a round may take that many more than it is to. */
const BATCH = 5_000

/** What a reader of the log takes in all rounds. */
export function rowsToRead({ events, rounds }: Scale): number {
  return (events + BATCH) * (rounds + 1)
}

/** A million rows a transaction. */
const SLICE = 1_000_000

/** Makes prices a second apart up to now, in the order in which they would have come: each second one of every series. */
export async function fillPrices(pool: pg.Pool, { series, rows, averages = false }: Filling): Promise<void> {
  await pool.query(MAKE_SERIES, [series])
  const seconds = Math.ceil(rows / series)
  const step = Math.max(1, Math.floor(SLICE / series))
  for (let from = 0; from < seconds; from += step) {
    const values = [series, from, Math.min(from + step, seconds) - 1, seconds]
    await pool.query(MAKE_PRICES, values)
    if (averages) await pool.query(MAKE_AVERAGES, values)
  }
  await pool.query('vacuum analyze')
}

const MAKE_SERIES = `
  with made as (
    insert into series (provider, symbol, currency)
    select 'simulated', 'S' || n, 'USD' from generate_series(1, $1) as n returning id, symbol)
  insert into series_state (series_id, provider_symbol, confirmed_at, market_state)
  select id, symbol, now() + interval '1 hour', 'open' from made`

const MAKE_PRICES = `
  insert into prices (series_id, event_time, revision, late, price, received_at, raw_response_id, epoch)
  select n, date_trunc('second', now()) - ($4::integer - s) * interval '1 second', 1, false,
         100 + (n + s) % 100 + 0.01 * (s % 100), now(), 1, 1
    from generate_series($2::integer, $3::integer) as s cross join generate_series(1, $1) as n`

/** Any number will do where only the size of the table counts. */
const MAKE_AVERAGES = `
  insert into moving_averages (series_id, window_size, event_time, average)
  select n, 5, date_trunc('second', now()) - ($4::integer - s) * interval '1 second', 123.456
    from generate_series($2::integer, $3::integer) as s cross join generate_series(1, $1) as n`
