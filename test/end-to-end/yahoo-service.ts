import type { TestContext } from 'node:test'
import { ask, type Answer } from '../support/request.ts'
import { startService, type ServiceProcess } from '../support/service-process.ts'
import { createYahooFake, yahooQuote } from '../support/yahoo-fake.ts'

export type YahooService = ServiceProcess & {
  /** Makes Yahoo quote AAPL and the service fetch it. The time is in seconds; the price is JSON source text. */
  fetchPrice(price: string, seconds: number): Promise<Answer>
}

/** The real process with the real Yahoo client; only Yahoo is a fake. */
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
