import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { ask } from '../support/request.ts'
import { json, quoteReply, yahooQuote, QUOTE_PATH, type YahooFake } from '../support/yahoo-fake.ts'

/** A price that a client received, and that must therefore be stored. */
export type Acknowledged = { readonly symbol: string; readonly timestamp: string; readonly price: string }

/** By the id of the price. */
export type AcknowledgedPrices = Map<string, Acknowledged>

export type Load = {
  /** Resolves when this many more prices have been acknowledged. */
  untilAcknowledged(count: number): Promise<void>
  /** Resolves when every client has its last response, or none. */
  end(): Promise<void>
}

export const SYMBOLS = ['AAPL', 'MSFT', 'NVDA', 'TSLA', 'GOOG', 'AMZN', 'META', 'NFLX']
const FIRST_SECOND = 1_750_000_000

/**
 * A fast Yahoo: every request returns another price, usually at a new time, sometimes at the previous time (its clock is
 * coarse) and sometimes at an earlier one. Returns every quote so far, as `symbol timestamp price`.
 */
export function quoteEverChanging(fake: YahooFake, random: () => number): ReadonlySet<string> {
  const quoted = new Set<string>()
  let tick = 0
  fake.answer(QUOTE_PATH, ({ query }) => {
    const symbols = query.get('symbols')?.split(',') ?? []
    const quotes = symbols.map((symbol) => {
      const step = random()
      if (step > 0.15) tick += 1
      const ms = Math.max(0, step < 0.05 ? tick - Math.floor(1_000 * random()) : tick)
      const price = `${1 + Math.floor(1_000 * random())}.${String(Math.floor(1e12 * random())).padStart(12, '0')}`
      quoted.add(`${symbol} ${FIRST_SECOND * 1_000 + ms} ${price}`)
      return yahooQuote(symbol, price, { regularMarketTime: FIRST_SECOND + ms / 1_000 })
    })
    return json(quoteReply(quotes))
  })
  return quoted
}

/** Eight clients request prices as fast as they can, and remember the prices they receive. */
export function startLoad(url: string, random: () => number, acknowledged: AcknowledgedPrices): Load {
  const ending = new AbortController()
  async function call(): Promise<void> {
    while (!ending.signal.aborted) {
      const symbol = SYMBOLS[Math.floor(random() * SYMBOLS.length)]!
      const answer = await ask(`${url}/prices/latest?symbol=${symbol}&max_age=0`).catch(() => undefined)
      // The service is down: no price was acknowledged.
      if (answer === undefined) return
      if (answer.status === 200) {
        const { price_id: id, timestamp, price } = answer.json
        acknowledged.set(id, { symbol, timestamp, price })
      } else {
        assert.deepEqual([answer.status, answer.json.code], [503, 'storage_unavailable'], answer.text)
        await sleep(5)
      }
    }
  }
  const clients = Promise.all(SYMBOLS.map(call))
  return {
    untilAcknowledged: async (count) => {
      const goal = acknowledged.size + count
      while (acknowledged.size < goal)
        await Promise.race([clients.then(() => assert.fail('the service is down')), sleep(2)])
    },
    end: async () => {
      ending.abort()
      await clients
    },
  }
}
