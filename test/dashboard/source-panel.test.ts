import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test, { type TestContext } from 'node:test'
import { AxeBuilder } from '@axe-core/playwright'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { instantFromMillis } from '../../src/lib/instant.ts'
import { createStoreReply } from '../../src/postgres/ingest/store-reply.ts'
import { createHttpService } from '../support/http-service.ts'
import { quoteOf } from '../support/scripted-provider.ts'
import { until } from '../support/until.ts'
import { openPage, skip } from './browser.ts'

test(
  'the source of a price is a panel: price, reply, the first bytes, averages; Esc closes it',
  { skip },
  async (t) => {
    const { page } = await openWithReply(t, 'x'.repeat(5_000))
    const button = page.getByRole('button', { name: 'Source' })
    await button.focus()
    await page.keyboard.press('Enter')
    const panel = page.getByRole('dialog', { name: 'Source of a price' })
    for (const text of [
      'AAPL from scripted',
      '105.5 USD',
      'GET https://scripted.example/quotes',
      '5 prices',
      '103.1',
    ]) {
      await panel.getByText(text).first().waitFor()
    }
    await panel.getByText('the first 2 kB are shown').waitFor()
    assert.equal((await panel.locator('pre').textContent())?.length, 2_048)
    const [download] = await Promise.all([page.waitForEvent('download'), panel.getByText('Download').click()])
    assert.equal(readFileSync(await download.path(), 'utf8'), 'x'.repeat(5_000))
    // The focus cannot leave the panel.
    for (let presses = 0; presses < 8; presses++) await page.keyboard.press('Tab')
    assert.equal(
      await page.evaluate(`document.activeElement === document.body || !!document.activeElement.closest('dialog')`),
      true,
    )
    await page.keyboard.press('Escape')
    await panel.waitFor({ state: 'detached' })
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Source')
  },
)

test('a reply is shown as text, whatever its bytes are, and a failure is said', { skip }, async (t) => {
  const { page } = await openWithReply(t, '<script>globalThis.isBad = true</script>{"price":105.5}')
  await page.getByRole('button', { name: 'Source' }).click()
  await page.locator('pre', { hasText: '<script>globalThis.isBad = true</script>' }).waitFor()
  assert.equal(await page.evaluate('globalThis.isBad'), undefined)
  await page.getByRole('button', { name: 'Close' }).click()
  await page.route('**/lineage', (route) => route.abort())
  await page.getByRole('button', { name: 'Source' }).click()
  await page.getByRole('alert').getByText('The service is not responding.').waitFor()
})

for (const colorScheme of ['light', 'dark'] as const) {
  test(`in the ${colorScheme} theme axe finds no violation in the panel, which fits any width`, { skip }, async (t) => {
    const { page } = await openWithReply(t, JSON.stringify({ price: '1'.repeat(3_000) }), { colorScheme })
    await page.getByRole('button', { name: 'Source' }).click()
    await page.locator('.source-panel pre').waitFor()
    for (const width of [320, 360, 390, 768, 1024, 1280, 1440, 1920]) {
      await page.setViewportSize({ width, height: 800 })
      // The chart takes its new size in a frame of its own.
      await until(async () => (await outsidePanel(page)).length === 0, `everything fits in ${width} px`)
      await until(
        () => page.evaluate<boolean>(`(({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth)(${PANEL})`),
        `the panel fits in ${width} px`,
      )
    }
    assert.deepEqual((await new AxeBuilder({ page }).analyze()).violations, [])
  })
}

const PANEL = "document.querySelector('.source-panel')"

/** Parts of the chart panel that stick out of the window. */
function outsidePanel(page: Page): Promise<string[]> {
  return page.evaluate(`[...document.querySelectorAll('.chart-panel :is(h2, p, div, label, select, button, span)')]
    .filter((element) => element.getBoundingClientRect().right > innerWidth + 0.5)
    .map(({ outerHTML }) => outerHTML.slice(0, 100))`)
}

async function openWithReply(
  t: TestContext,
  body: string,
  options: BrowserContextOptions = {},
): Promise<{ page: Page }> {
  const service = await createHttpService(t)
  const start = Date.now() - 60_000
  const time = (at: number) => new Date(start + at * 1_000).toISOString()
  await service.store(...['101', '102', '103', '104'].map((price, at) => ({ price, time: time(at) })))
  const reply = {
    provider: 'scripted',
    symbols: ['AAPL'],
    request: 'GET https://scripted.example/quotes?symbols=AAPL',
    status: 200,
    body: Buffer.from(body),
    receivedAt: instantFromMillis(Date.now()),
    parserVersion: 1,
  }
  await createStoreReply(service.pool)(reply, [{ symbol: 'AAPL', quote: quoteOf({ price: '105.5', time: time(4) }) }])
  // Also computes the averages.
  await service.store()
  const page = await openPage(t, options)
  await page.goto(await service.listen())
  await page.locator('.headline .price', { hasText: '105.5' }).waitFor()
  return { page }
}
