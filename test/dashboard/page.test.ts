import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { ServiceError } from '../../src/errors.ts'
import { instantFromMillis } from '../../src/lib/instant.ts'
import type { KafkaStatus } from '../../src/core/health/status.ts'
import { createHttpService, type HttpService } from '../support/http-service.ts'
import { createTcpProxy, openPage, skip } from './browser.ts'
import { serveSimulated } from './simulated-service.ts'

const root = join(import.meta.dirname, '../..')

test('a stored price is shown by the stream alone, to its last digit', { skip }, async (t) => {
  const { service, page } = await openWithPrices(t)
  // From here on every poll of the page hangs.
  await page.route(/\/(symbols|prices\/(latest|poll|history)|health)/, () => {})
  for (const last of [1, 2, 3]) {
    await service.store({ symbol: 'AAPL', price: `123456789.12345678901${last}` })
    await page.locator('.watchlist .price', { hasText: `123456789.12345678901${last}` }).waitFor()
  }
  assert.equal(await page.locator('.headline .price').textContent(), '123456789.123456789013')
})

test('the chart draws the prices and their average', { skip }, async (t) => {
  const { page } = await openWithPrices(t)
  await drawn(page)
  const key = page.locator('.key[data-line=average]')
  assert.match(String(await key.textContent()), /^Average of 5 ?[\d.]+$/)
  const pixels = await countLinePixels(page)
  assert.ok(pixels.price > 200, `${pixels.price} pixels of the price's line`)
  assert.ok(pixels.average > 100, `${pixels.average} pixels of the average's line`)
})

test('a job can be created, paused and deleted with the keyboard alone', { skip }, async (t) => {
  const { page } = await openWithPrices(t)
  await tabTo(page, '#job-symbol')
  await page.keyboard.type('NVDA')
  await page.getByRole('option', { name: /NVDA/ }).waitFor()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Enter')
  const row = page.locator('.jobs tbody tr', { hasText: 'NVDA' })
  await row.getByText('active').waitFor()
  await tabTo(page, '[aria-label="Pause NVDA from scripted"]')
  await page.keyboard.press('Enter')
  await row.getByText('paused').waitFor()
  await tabTo(page, '[aria-label="Delete NVDA from scripted"]')
  await page.keyboard.press('Enter')
  await page.locator('button:focus', { hasText: 'Keep' }).waitFor()
  await page.keyboard.press('Shift+Tab')
  await page.keyboard.press('Enter')
  await row.waitFor({ state: 'detached' })
  await page.locator('#jobs:focus').waitFor()
})

test('while the service is down the page reconnects, and then no price is missing', { skip }, async (t) => {
  const service = await createServiceWithPrices(t)
  const proxy = await createTcpProxy(t, await service.listen())
  const page = await openPage(t)
  await page.goto(proxy.address)
  const state = page.locator('.connection')
  await state.getByText('Live').waitFor()
  await proxy.close()
  await state.getByText('Reconnecting').waitFor()
  await page.locator('.notices', { hasText: 'The service is not responding' }).waitFor()
  await service.store({ symbol: 'AAPL', price: '777.77' })
  await proxy.reopen()
  await page.locator('.watchlist .price', { hasText: /^777\.77$/ }).waitFor()
  await state.getByText('Live').waitFor()
})

test('a first run, a failing provider and an unavailable database are explained in text', { skip }, async (t) => {
  let isDown = false
  const service = await createHttpService(t)
  const page = await openPage(t)
  await page.goto(await service.listen())
  await page.getByRole('heading', { name: 'No polling jobs yet' }).waitFor()

  service.providerStats.observe('scripted', 5, new ServiceError('provider_unavailable', 'scripted answers with 500.'))
  await page.locator('.notices', { hasText: 'scripted answers with 500.' }).waitFor()

  await page.route(/\/(prices\/poll|symbols|health)/, (route) =>
    isDown
      ? route.fulfill({ status: 503, contentType: 'application/problem+json', body: STORAGE_DOWN })
      : route.continue(),
  )
  isDown = true
  await page.locator('.notices', { hasText: 'The database is not responding' }).waitFor()
  isDown = false
  await page.locator('.connection', { hasText: 'Live' }).waitFor()
})

test(
  'a page opened while the database is unavailable says so in each section, and fills once it is back',
  { skip },
  async (t) => {
    const service = await createServiceWithPrices(t)
    const page = await openPage(t)
    let isDown = true
    await page.route(/\/(prices|symbols|health|moving-averages)/, (route) =>
      isDown
        ? route.fulfill({ status: 503, contentType: 'application/problem+json', body: STORAGE_DOWN })
        : route.continue(),
    )
    await page.goto(await service.listen())
    for (const section of ['.watchlist', '.jobs', '.providers', '.pipeline']) {
      await page.locator(section, { hasText: 'Not available right now' }).waitFor()
    }
    assert.equal(await page.getByText('Loading').count(), 0)
    isDown = false
    await drawn(page)
    await page.locator('.jobs', { hasText: 'No jobs. Start one above.' }).waitFor()
    await page.locator('.pipeline table').waitFor()
    assert.equal(await page.getByText('Not available right now').count(), 0)
  },
)

test('the selected symbol is kept in the URL across a reload', { skip }, async (t) => {
  const { service, page } = await openWithPrices(t)
  await service.store({ symbol: 'MSFT', price: '7' })
  await page.locator('.watchlist tbody tr', { hasText: 'MSFT' }).click()
  await page.waitForURL('**/?symbol=MSFT&provider=scripted')
  await page.reload()
  await page.locator('.headline h2', { hasText: 'MSFT' }).waitFor()
  assert.equal(await page.locator('.watchlist [aria-current=true]', { hasText: 'MSFT' }).count(), 1)
})

const DELAYED: KafkaStatus = {
  topic: 'a-topic-with-a-name-that-is-longer-than-the-screen-of-a-phone-is-wide',
  group: 'averages',
  awaySince: null,
  seen: {
    partitions: [
      { partition: 0, messages: 9_000, lag: 0 },
      { partition: 1, messages: 9_000, lag: 4_311 },
    ],
    groupState: 'Empty',
  },
}

test('the pipeline shows where prices are delayed, also at the width of a phone', { skip }, async (t) => {
  let shown = DELAYED
  const service = await createHttpService(t, { health: { readKafkaStatus: async () => shown } })
  await service.store({ symbol: 'AAPL', price: '100' })
  const page = await openPage(t, { viewport: { width: 390, height: 844 } })
  await page.goto(await service.listen())
  const pipeline = page.locator('.pipeline')
  await pipeline.getByText('partition 1 by 4,311').waitFor()
  assert.deepEqual(
    await pipeline.locator('tbody th').evaluateAll((cells) => cells.map(({ firstChild }) => firstChild?.textContent)),
    ['Log', 'Relay', 'Topic', 'Consumers', 'Averages'],
  )
  for (const words of ['no leader', '1 price,', '2 partitions', 'no consumer', '4,311 messages']) {
    await pipeline.getByText(words).waitFor()
  }
  assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 390)
  assert.deepEqual((await new AxeBuilder({ page }).include('.pipeline').analyze()).violations, [])
  shown = { ...DELAYED, awaySince: instantFromMillis(Date.now()), seen: null }
  await page.locator('.notices', { hasText: 'Kafka has been unavailable since' }).waitFor()
  await pipeline.getByText('unavailable').waitFor()
})

const STORAGE_DOWN = JSON.stringify({ code: 'storage_unavailable', title: 'Storage unavailable', detail: 'Later.' })

for (const colorScheme of ['light', 'dark'] as const) {
  test(
    `in the ${colorScheme} theme axe finds no violation, no request leaves the origin, and a screenshot is taken`,
    { skip },
    async (t) => {
      const address = await serveSimulated(t)
      const page = await openPage(t, { colorScheme, viewport: { width: 1440, height: 900 } })
      const errors: string[] = []
      page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
      page.on('request', (request) => request.url().startsWith(address) || errors.push(request.url()))
      await page.goto(`${address}/?symbol=AAPL&provider=simulated`)
      await drawn(page)
      await page.locator('.jobs', { hasText: 'recorded' }).waitFor()
      const { violations } = await new AxeBuilder({ page }).analyze()
      assert.deepEqual(
        violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`),
        [],
      )
      await page.screenshot({ path: screenshotPath(colorScheme) })
      await page.setViewportSize({ width: 390, height: 844 })
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 390)
      assert.deepEqual(errors, [])
    },
  )
}

test('the page is at most 90 kB in total', { skip }, () => {
  const folder = join(root, 'dist/dashboard')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(folder, name)).isFile(),
  )
  // A browser gets one of the three: compressed by Brotli, compressed by gzip, or as it is.
  const sent = files.filter((name) => !files.includes(`${name}.br`) && !name.endsWith('.gz'))
  const bytes = sent.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
  assert.ok(bytes <= 90_000, `${bytes} bytes`)
})

/** With PICTURES=docs the README's screenshots are updated; by default a test leaves the checkout unchanged. */
function screenshotPath(scheme: string): string {
  const folder = join(root, process.env['PICTURES'] === 'docs' ? 'docs' : 'dist/pictures')
  mkdirSync(folder, { recursive: true })
  return join(folder, `page-${scheme}.png`)
}

/** A service with a few past prices, one second apart. */
async function createServiceWithPrices(t: TestContext): Promise<HttpService> {
  const service = await createHttpService(t)
  const start = Date.now() - 60_000
  const prices = ['100', '101.5', '99.25', '102', '103.5', '101', '104'].map((price, at) => ({
    symbol: 'AAPL',
    price,
    time: new Date(start + at * 1_000).toISOString(),
  }))
  await service.store(...prices)
  return service
}

async function openWithPrices(t: TestContext): Promise<{ service: HttpService; page: Page }> {
  const service = await createServiceWithPrices(t)
  const page = await openPage(t)
  await page.goto(await service.listen())
  await page.locator('.connection', { hasText: 'Live' }).waitFor()
  await page.locator('.watchlist .price').waitFor()
  return { service, page }
}

function drawn(page: Page): Promise<void> {
  return page.locator('.chart[data-state=drawn] .key[data-line=average]', { hasText: /\d\.\d/ }).waitFor()
}

async function tabTo(page: Page, selector: string): Promise<void> {
  for (let presses = 0; presses < 60; presses++) {
    if ((await page.locator(`${selector}:focus`).count()) > 0) return
    await page.keyboard.press('Tab')
  }
  assert.fail(`Tab does not reach ${selector}`)
}

/** The number of pixels of the chart in the colours of its lines. */
function countLinePixels(page: Page): Promise<{ price: number; average: number }> {
  return page.evaluate(`(() => {
    const count = { price: 0, average: 0 }
    const near = (data, at, [r, g, b]) =>
      Math.abs(data[at] - r) + Math.abs(data[at + 1] - g) + Math.abs(data[at + 2] - b) < 60 && data[at + 3] > 100
    for (const canvas of document.querySelectorAll('.canvas canvas')) {
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
      for (let at = 0; at < data.length; at += 4) {
        if (near(data, at, [42, 98, 192])) count.price++
        if (near(data, at, [168, 100, 0])) count.average++
      }
    }
    return count
  })()`)
}
