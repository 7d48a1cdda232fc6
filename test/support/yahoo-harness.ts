import type { TestContext } from 'node:test'
import type { Clock } from '../../src/lib/clock.ts'
import type { QuoteResult, QuoteProvider } from '../../src/core/prices/quote.ts'
import { createYahoo } from '../../src/providers/yahoo/provider.ts'
import { createYahooFake, yahooQuote, type YahooFake } from './yahoo-fake.ts'

type TestClock = Clock & {
  advance(ms: number): void
  /** Sets the clock of the system, as NTP does: no time passes. */
  set(time: number): void
}
type YahooHarness = { readonly fake: YahooFake; readonly yahoo: QuoteProvider; readonly clock: TestClock }

export const NOW = Date.parse('2025-06-15T20:31:00Z')

/** The real provider on a fake Yahoo that quotes AAPL at 196.45. */
export async function createYahooHarness(t: TestContext, { timeoutMs = 10_000 } = {}): Promise<YahooHarness> {
  const fake = await createYahooFake(t)
  fake.quote('AAPL', yahooQuote('AAPL', '196.45'))
  const clock = createTestClock()
  return { fake, clock, yahoo: createYahoo({ clock, baseUrl: fake.url, timeoutMs }) }
}

/** A clock that advances only when the test says so. */
export function createTestClock(startsAt = NOW): TestClock {
  let [now, passed] = [startsAt, 0]
  return {
    now: () => now,
    monotonic: () => passed,
    sleep: () => Promise.resolve(),
    advance: (ms) => {
      now += ms
      passed += ms
    },
    set: (time) => void (now = time),
  }
}

export async function quotesOf(source: QuoteProvider, symbols: readonly string[]): Promise<readonly QuoteResult[]> {
  return source.parseReply(await source.fetchReply(symbols, new AbortController().signal))
}

/** A result as text: `AAPL 196.45`, or `AAPL no_price`. */
export function summaryOf(result: QuoteResult): string {
  return `${result.symbol} ${'quote' in result ? result.quote.price : result.error.code}`
}
