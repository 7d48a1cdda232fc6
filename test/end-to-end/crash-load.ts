import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { ask } from '../support/request.ts'
import { json, quoteReply, yahooQuote, QUOTE_PATH, type YahooFake } from '../support/yahoo-fake.ts'

/** A price that somebody was told, and so may count on. */
export type Acknowledged = { readonly symbol: string; readonly timestamp: string; readonly price: string }

/** By the id of the price. */
export type ProviderStats = Map<string, Acknowledged>

export type Load = {
  /** Resolves when so many more prices were acknowledged. */
  acknowledged(count: number): Promise<void>
  /** Resolves when every caller has its last answer, or none. */
  end(): Promise<void>
}

export const SYMBOLS = ['AAPL', 'MSFT', 'NVDA', 'TSLA', 'GOOG', 'AMZN', 'META', 'NFLX']
const FIRST_SECOND = 1_750_000_000

/**
 * Yahoo in a hurry: another price at each request, most of them at a new time, some at the time before (its clock is
 * coarse) and some late. Answers with everything it ever said, as `symbol timestamp price`.
 */
export function quoteEverChanging(fake: YahooFake, random: () => number): ReadonlySet<string> {
  const said = new Set<string>()
  let tick = 0
  fake.answer(QUOTE_PATH, ({ query }) => {
    const symbols = query.get('symbols')?.split(',') ?? []
    const quotes = symbols.map((symbol) => {
      const step = random()
      if (step > 0.15) tick += 1
      const ms = Math.max(0, step < 0.05 ? tick - Math.floor(1_000 * random()) : tick)
      const price = `${1 + Math.floor(1_000 * random())}.${String(Math.floor(1e12 * random())).padStart(12, '0')}`
      said.add(`${symbol} ${FIRST_SECOND * 1_000 + ms} ${price}`)
      return yahooQuote(symbol, price, { regularMarketTime: FIRST_SECOND + ms / 1_000 })
    })
    return json(quoteReply(quotes))
  })
  return said
}

/** Eight callers ask for prices as fast as they are answered, and note what they were told. */
export function startLoad(url: string, random: () => number, providerStats: ProviderStats): Load {
  const over = new AbortController()
  async function call(): Promise<void> {
    while (!over.signal.aborted) {
      const symbol = SYMBOLS[Math.floor(random() * SYMBOLS.length)]!
      const answer = await ask(`${url}/prices/latest?symbol=${symbol}&max_age=0`).catch(() => undefined)
      // The service is gone: nobody was told anything.
      if (answer === undefined) return
      if (answer.status === 200) {
        const { price_id: id, timestamp, price } = answer.json
        providerStats.set(id, { symbol, timestamp, price })
      } else {
        assert.deepEqual([answer.status, answer.json.code], [503, 'storage_unavailable'], answer.text)
        await sleep(5)
      }
    }
  }
  const callers = Promise.all(SYMBOLS.map(call))
  return {
    acknowledged: async (count) => {
      const goal = providerStats.size + count
      while (providerStats.size < goal)
        await Promise.race([callers.then(() => assert.fail('the service went away')), sleep(2)])
    },
    end: async () => {
      over.abort()
      await callers
    },
  }
}
