import type { TestContext } from 'node:test'
import type pg from 'pg'
import { createReadLog } from '../../../src/postgres/log/log.ts'
import { createStoreReply } from '../../../src/postgres/ingest/store-reply.ts'
import type { Decimal } from '../../../src/lib/decimal.ts'
import { instantFromMillis, type Instant } from '../../../src/lib/instant.ts'
import type { LogEntry } from '../../../src/core/log/entry.ts'
import { LOG_START } from '../../../src/core/log/position.ts'
import type { Quote, QuoteResult, RawReply } from '../../../src/core/prices/quote.ts'
import { createDatabase } from '../../support/database.ts'
import { untilStable } from '../../support/stable.ts'

/** A price in a test: for the given minute of a day in June. */
export type TestPrice = {
  readonly symbol?: string
  readonly currency?: string
  readonly minute: number
  readonly price: string
}

const MIDNIGHT = Date.parse('2025-06-15T00:00:00Z')
const encoder = new TextEncoder()
const decoder = new TextDecoder()

export function atMinute(minute: number): Instant {
  return instantFromMillis(MIDNIGHT + minute * 60_000)
}

/** A database, and `recordPrices`, which stores its prices as one reply of the provider `recorded`. */
export async function createRecorder(t: TestContext) {
  const pool = await createDatabase(t)
  return { pool, recordPrices: recorderOf(pool) }
}

export function recorderOf(pool: pg.Pool) {
  const record = createStoreReply(pool)
  let replies = 0
  return async (...prices: TestPrice[]) => {
    replies += 1
    const reply = replyOf(prices, instantFromMillis(MIDNIGHT + 86_400_000 + replies))
    return record(reply, parseRecorded(reply))
  }
}

function replyOf(prices: readonly TestPrice[], receivedAt: Instant): RawReply {
  return {
    provider: 'recorded',
    symbols: prices.map(({ symbol }) => symbol ?? 'AAPL'),
    request: 'GET /recorded',
    status: 200,
    body: encoder.encode(JSON.stringify(prices)),
    receivedAt,
    parserVersion: 1,
  }
}

/** The parser of the provider `recorded`. */
export function parseRecorded(reply: RawReply): QuoteResult[] {
  const prices = JSON.parse(decoder.decode(reply.body)) as TestPrice[]
  return prices.map(({ symbol = 'AAPL', currency = 'USD', minute, price }) => ({
    symbol,
    quote: { ...quoteOf(symbol, minute, price), currency },
  }))
}

function quoteOf(symbol: string, minute: number, price: string): Quote {
  return {
    symbol,
    provider: 'recorded',
    providerSymbol: symbol,
    currency: 'USD',
    price: price as Decimal,
    eventTime: atMinute(minute),
    marketState: 'open',
    delaySeconds: 0,
    previousClose: null,
    extended: null,
  }
}

/** The log after a position, once everything written is stable: a transaction of another test may delay that. */
export async function readStableLog(pool: pg.Pool, after = LOG_START): Promise<readonly LogEntry[]> {
  await untilStable(pool)
  const log: LogEntry[] = []
  for (;;) {
    const page = await createReadLog(pool)(log.at(-1)?.position ?? after, 10_000)
    if (page.length === 0) return log
    log.push(...page)
  }
}

/** The stored averages of one symbol, oldest first, as `[minute, average]`. */
export async function readAverages(pool: pg.Pool, window: number, symbol = 'AAPL'): Promise<[number, string][]> {
  const { rows } = await pool.query<{ event_time: Instant; average: string }>(
    `select a.event_time, a.average from moving_averages a join series s on s.id = a.series_id
      where s.symbol = $1 and a.window_size = $2 order by a.event_time`,
    [symbol, window],
  )
  return rows.map((row) => [(Date.parse(row.event_time) - MIDNIGHT) / 60_000, row.average])
}
