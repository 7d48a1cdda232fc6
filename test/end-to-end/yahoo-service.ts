import type { TestContext } from 'node:test'
import { ask, type Answer } from '../support/request.ts'
import { startService, type ServiceProcess } from '../support/service-process.ts'
import { createYahooFake, yahooQuote } from '../support/yahoo-fake.ts'

export type YahooService = ServiceProcess & {
  /** Has Yahoo say something of AAPL, and the service ask for it. The time is in seconds; the price is source text. */
  fetchPrice(price: string, seconds: number): Promise<Answer>
}

/** The real process with the real Yahoo client; only Yahoo is a stand-in. */
export async function startYahooService(t: TestContext): Promise<YahooService> {
  const fake = await createYahooFake(t)
  const service = await startService(t, { env: { YFINANCE_BASE_URL: fake.url } })
  return {
    ...service,
    fetchPrice: (price, seconds) => {
      fake.quote('AAPL', yahooQuote('AAPL', price, { regularMarketTime: seconds }))
      return ask(`${service.url}/prices/latest?symbol=AAPL&provider=yfinance&max_age=0`)
    },
  }
}
