import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { systemClock } from '../../src/lib/clock.ts'
import { toServiceError } from '../../src/http/server/to-service-error.ts'
import { createStoreReply } from '../../src/postgres/ingest/store-reply.ts'
import { instantFromMillis } from '../../src/lib/instant.ts'
import type { RawReply, RecordResult } from '../../src/core/prices/quote.ts'
import { createYahoo } from '../../src/providers/yahoo/provider.ts'
import { ask } from '../support/request.ts'
import { quoteReply, yahooQuote, QUOTE_PATH } from '../support/yahoo-fake.ts'

export const SYMBOLS = Array.from({ length: 800 }, (_, index) => `CRASH${index}`)
const FIRST_MS = 1_750_000_000_000
const WRITERS = 8
const CLIENTS_OF_EACH = 2
/** The average pause between two replies of a writer. */
const PAUSE_MS = 300

/** The prices that were acknowledged, as `symbol timestamp price` by the id of the price. */
export type AcknowledgedPrices = Map<string, string>

/** The quotes of a provider that never repeats one. */
export type Quotes = {
  /** A reply in the format of Yahoo. */
  replyTo(symbols: readonly string[]): string
  /** Whether this was quoted, as `symbol timestamp price`. */
  has(text: string): boolean
}

/** Quotes another price at another time on each request; no two quotes have the same time. */
export function quoteEachOnce(random: () => number): Quotes {
  const quoted: string[] = []
  const quote = (symbol: string) => {
    const price = `${1 + Math.floor(1_000 * random())}.${Math.floor(1e9 * random())}7`
    const ms = quoted.push(`${symbol} ${price}`) - 1
    return yahooQuote(symbol, price, { regularMarketTime: (FIRST_MS + ms) / 1_000 })
  }
  return {
    replyTo: (symbols) => quoteReply(symbols.map(quote)),
    has: (text) => {
      const [symbol = '', timestamp = '', price = ''] = text.split(' ')
      return quoted[Date.parse(timestamp) - FIRST_MS] === `${symbol} ${price}`
    },
  }
}

type Needs = {
  readonly pool: pg.Pool
  readonly quotes: Quotes
  readonly apis: readonly (() => string | undefined)[]
  readonly random: () => number
  readonly acknowledged: AcknowledgedPrices
  /** Prices in each reply of a writer. */
  readonly batch: number
}

export type Writers = {
  /** The number of retried writes. */
  readonly retries: () => number
  /** The number of HTTP responses, by status and code. */
  readonly responses: ReadonlyMap<string, number>
  /** Resolves when everything that was started is acknowledged. */
  end(): Promise<void>
}

/** Eight writers store replies as the service does, and retry each until it is acknowledged; clients request prices over HTTP. */
export function startWriters(t: TestContext, { pool, quotes, apis, random, acknowledged, batch }: Needs): Writers {
  const ending = new AbortController()
  // If the test fails, the database stops as well.
  const failed = new AbortController()
  const signal = AbortSignal.any([ending.signal, failed.signal])
  t.after(() => failed.abort())
  const record = createStoreReply(pool)
  const provider = createYahoo({ clock: systemClock })
  const encoder = new TextEncoder()
  const responses = new Map<string, number>()
  let retries = 0

  /** Builds a reply without HTTP, which would dominate the run of a million prices. */
  function newReply(): RawReply {
    const symbols = someOf(batch, random)
    return {
      provider: provider.name,
      symbols,
      request: `GET ${QUOTE_PATH}`,
      status: 200,
      body: encoder.encode(quotes.replyTo(symbols)),
      receivedAt: instantFromMillis(Date.now()),
      parserVersion: provider.parserVersion,
    }
  }

  async function storeUntilAcknowledged(reply: RawReply): Promise<readonly RecordResult[]> {
    const results = provider.parseReply(reply)
    while (!failed.signal.aborted) {
      try {
        return await record(reply, results)
      } catch (error) {
        assert.equal(toServiceError(error).code, 'storage_unavailable', String(error))
        retries += 1
        await sleep(200 * random())
      }
    }
    return []
  }

  async function write(): Promise<void> {
    while (!signal.aborted) {
      for (const result of await storeUntilAcknowledged(newReply())) remember(acknowledged, result)
      await systemClock.sleep(2 * PAUSE_MS * random(), signal)
    }
  }

  async function call(url: () => string | undefined): Promise<void> {
    while (!signal.aborted) {
      const symbol = SYMBOLS[Math.floor(random() * SYMBOLS.length)]!
      const answer = await ask(`${url()}/prices/latest?symbol=${symbol}&max_age=0`).catch(() => undefined)
      const name = answer === undefined ? 'none' : `${answer.status} ${answer.json?.code ?? ''}`.trim()
      responses.set(name, (responses.get(name) ?? 0) + 1)
      if (answer?.status === 200) {
        const { price_id, timestamp, price } = answer.json
        acknowledged.set(price_id, `${symbol} ${timestamp} ${price}`)
      } else {
        await systemClock.sleep(50, signal)
      }
    }
  }

  const writers = Array.from({ length: WRITERS }, write)
  const clients = apis.flatMap((url) => Array.from({ length: CLIENTS_OF_EACH }, () => call(url)))
  const all = Promise.all([...writers, ...clients])
  return {
    retries: () => retries,
    responses,
    end: async () => {
      ending.abort()
      await all
    },
  }
}

function someOf(count: number, random: () => number): string[] {
  const start = Math.floor(random() * SYMBOLS.length)
  return [...SYMBOLS.slice(start), ...SYMBOLS.slice(0, start)].slice(0, count)
}

function remember(acknowledged: AcknowledgedPrices, result: RecordResult): void {
  assert.ok('price' in result, `${result.symbol} has no price`)
  const { priceId, symbol, eventTime, price } = result.price
  acknowledged.set(priceId, `${symbol} ${eventTime} ${price}`)
}
