import assert from 'node:assert/strict'
import test from 'node:test'
import { ServiceError } from '../../src/errors.ts'
import { createHttpService } from '../support/http-service.ts'
import { openPage, skip } from './browser.ts'
import { until } from '../support/until.ts'

test(
  'a failing provider is announced while jobs depend on it or shortly after, and not for good',
  { skip },
  async (t) => {
    const service = await createHttpService(t)
    await service.store({ symbol: 'AAPL', price: '1' })
    service.providerStats.observe('scripted', 5, new ServiceError('provider_unavailable', 'scripted answers with 500.'))
    const page = await openPage(t)
    let changed: Record<string, unknown> = {}
    await page.route('**/health', async (route) => {
      const response = await route.fetch()
      const body = (await response.json()) as { providers: Record<string, unknown>[] }
      await route.fulfill({
        response,
        json: { ...body, providers: body.providers.map((one) => Object.assign(one, changed)) },
      })
    })
    await page.goto(await service.listen())
    const notice = page.locator('.notices', { hasText: 'scripted answers with 500.' })
    await notice.waitFor()
    const old = { code: 'provider_unavailable', detail: 'scripted answers with 500.', at: '2026-01-01T00:00:00Z' }
    changed = { last_error: old, jobs: 0, failing_jobs: 0, status: 'ok' }
    await page.reload()
    await page.locator('.providers tbody th').waitFor()
    assert.equal(await notice.count(), 0)
    changed = { last_error: old, jobs: 1, failing_jobs: 1, status: 'failing' }
    await notice.waitFor()
  },
)

test(
  'a stream that starts anew, because the database is another one, makes the page read everything again',
  { skip },
  async (t) => {
    const service = await createHttpService(t)
    await service.store({ symbol: 'AAPL', price: '500', time: '2026-01-15T12:00:01Z' })
    const page = await openPage(t)
    let body = ''
    await page.route('**/prices/stream', (route) =>
      route.fulfill({ contentType: 'text/event-stream', body: `retry: 300\n\n${body}` }),
    )
    await page.goto(await service.listen())
    await page.locator('.headline .price', { hasText: '500' }).waitFor()
    // The older price is the newest one of a restored database.
    await service.pool.query('delete from moving_averages')
    await service.pool.query('delete from prices')
    await service.store({ symbol: 'AAPL', price: '400', time: '2026-01-15T12:00:00Z' })
    await page.route('**/symbols?*', (route) => route.continue())
    assert.equal(await page.locator('.headline .price').textContent(), '500')
    body = 'event: reset\ndata: {"reason":"another database"}\n\n'
    await page.locator('.headline .price', { hasText: '400' }).waitFor()
    await until(
      async () => (await page.locator('.key[data-line=price] b').textContent()) === '400',
      'the chart is read again',
    )
  },
)
