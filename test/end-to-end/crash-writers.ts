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
const CALLERS_OF_EACH = 2
/** On average, between two replies of a writer. */
const PAUSE_MS = 300

/** What somebody was told is stored, as `symbol timestamp price` by the id of the price. */
export type ProviderStats = Map<string, string>

/** A provider that never says the same twice. */
export type Quoting = {
  /** A reply in Yahoo's form. */
  replyTo(symbols: readonly string[]): string
  /** Whether it ever said this, in the providerStats's words. */
  hasSaid(words: string): boolean
}

/** Says another price at another time whenever it is asked: no two of all of them have the same time. */
export function quoteEachOnce(random: () => number): Quoting {
  const said: string[] = []
  const quote = (symbol: string) => {
    const price = `${1 + Math.floor(1_000 * random())}.${Math.floor(1e9 * random())}7`
    const ms = said.push(`${symbol} ${price}`) - 1
    return yahooQuote(symbol, price, { regularMarketTime: (FIRST_MS + ms) / 1_000 })
  }
  return {
    replyTo: (symbols) => quoteReply(symbols.map(quote)),
    hasSaid: (words) => {
      const [symbol = '', timestamp = '', price = ''] = words.split(' ')
      return said[Date.parse(timestamp) - FIRST_MS] === `${symbol} ${price}`
    },
  }
}

type Needs = {
  readonly pool: pg.Pool
  readonly quoting: Quoting
  readonly apis: readonly (() => string | undefined)[]
  readonly random: () => number
  readonly providerStats: ProviderStats
  /** Prices in each reply of a writer. */
  readonly batch: number
}

export type Writers = {
  /** How often something had to be tried again. */
  readonly retries: () => number
  /** How often each answer was given over HTTP. */
  readonly answers: ReadonlyMap<string, number>
  /** Resolves when all that was begun is acknowledged. */
  end(): Promise<void>
}

/** Eight writers record by the service's own door, and try the same again until it is acknowledged; callers ask the APIs. */
export function startWriters(t: TestContext, { pool, quoting, apis, random, providerStats, batch }: Needs): Writers {
  const over = new AbortController()
  // Where the test fails, the database ends as well.
  const gone = new AbortController()
  const signal = AbortSignal.any([over.signal, gone.signal])
  t.after(() => gone.abort())
  const record = createStoreReply(pool)
  const source = createYahoo({ clock: systemClock })
  const encoder = new TextEncoder()
  const answers = new Map<string, number>()
  let retries = 0

  /** As the provider would have fetched it; a million prices by HTTP would measure that. */
  function newReply(): RawReply {
    const symbols = someOf(batch, random)
    return {
      provider: source.name,
      symbols,
      request: `GET ${QUOTE_PATH}`,
      status: 200,
      body: encoder.encode(quoting.replyTo(symbols)),
      receivedAt: instantFromMillis(Date.now()),
      parserVersion: source.parserVersion,
    }
  }

  async function recordAtLast(reply: RawReply): Promise<readonly RecordResult[]> {
    const results = source.parseReply(reply)
    while (!gone.signal.aborted) {
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
      for (const result of await recordAtLast(newReply())) note(providerStats, result)
      await systemClock.sleep(2 * PAUSE_MS * random(), signal)
    }
  }

  async function call(url: () => string | undefined): Promise<void> {
    while (!signal.aborted) {
      const symbol = SYMBOLS[Math.floor(random() * SYMBOLS.length)]!
      const answer = await ask(`${url()}/prices/latest?symbol=${symbol}&max_age=0`).catch(() => undefined)
      const name = answer === undefined ? 'none' : `${answer.status} ${answer.json?.code ?? ''}`.trim()
      answers.set(name, (answers.get(name) ?? 0) + 1)
      if (answer?.status === 200) {
        const { price_id, timestamp, price } = answer.json
        providerStats.set(price_id, `${symbol} ${timestamp} ${price}`)
      } else {
        await systemClock.sleep(50, signal)
      }
    }
  }

  const writers = Array.from({ length: WRITERS }, write)
  const callers = apis.flatMap((url) => Array.from({ length: CALLERS_OF_EACH }, () => call(url)))
  const all = Promise.all([...writers, ...callers])
  return {
    retries: () => retries,
    answers,
    end: async () => {
      over.abort()
      await all
    },
  }
}

function someOf(count: number, random: () => number): string[] {
  const start = Math.floor(random() * SYMBOLS.length)
  return [...SYMBOLS.slice(start), ...SYMBOLS.slice(0, start)].slice(0, count)
}

function note(providerStats: ProviderStats, result: RecordResult): void {
  assert.ok('price' in result, `${result.symbol} has no price`)
  const { priceId, symbol, eventTime, price } = result.price
  providerStats.set(priceId, `${symbol} ${eventTime} ${price}`)
}
