import { test } from 'node:test'
import { createHttpService } from '../support/http-service.ts'
import { openPage, skip } from './browser.ts'

test(
  'the page shows the currency that the provider stated last, also one that comes back at the same time',
  { skip },
  async (t) => {
    const service = await createHttpService(t)
    const start = Date.now() - 60_000
    const at = (second: number) => new Date(start + second * 1_000).toISOString()
    const quoted = (price: string, currency: string, second: number) => ({
      symbol: 'VOD.L',
      price,
      currency,
      time: at(0),
      receivedAt: at(second),
    })
    await service.store(quoted('700', 'GBp', 1))
    const page = await openPage(t)
    await page.goto(`${await service.listen()}/?symbol=VOD.L&provider=scripted`)
    const headline = (text: RegExp) => page.locator('.headline .figures', { hasText: text }).waitFor()
    await headline(/^700 GBp ?$/)
    await service.store(quoted('7.00', 'GBP', 2))
    await headline(/^7\.00 GBP ?$/)
    await service.store(quoted('8.10', 'EUR', 3))
    await headline(/^8\.10 EUR ?$/)
    // Nothing new is stored, so the stream says nothing: the page asks.
    await service.store(quoted('700', 'GBp', 4))
    await headline(/^700 GBp ?$/)
  },
)
