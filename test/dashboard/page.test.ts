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
import { createDoor, openPage, skip } from './browser.ts'
import { serveSimulated } from './simulated-service.ts'

const root = join(import.meta.dirname, '../..')

test('a price shows within a second of being recorded, to its last digit', { skip }, async (t) => {
  const { service, page } = await openStocked(t)
  const waits: number[] = []
  // On a busy machine one of them may be held up.
  for (let last = 1; last <= 5 && !(Math.min(...waits) < 1_000); last++) {
    await service.store({ symbol: 'AAPL', price: `123456789.12345678901${last}` })
    const stored = performance.now()
    await page.locator('.watchlist .price', { hasText: `123456789.12345678901${last}` }).waitFor()
    waits.push(Math.round(performance.now() - stored))
  }
  t.diagnostic(`shown after ${waits.join(', ')} ms`)
  assert.ok(Math.min(...waits) < 1_000, `${waits.join(', ')} ms`)
  assert.equal(await page.locator('.headline .price').textContent(), `123456789.12345678901${waits.length}`)
})

test('the chart draws the prices and the average over them', { skip }, async (t) => {
  const { page } = await openStocked(t)
  await drawn(page)
  const key = page.locator('.key[data-line=average]')
  assert.match(String(await key.textContent()), /^Average of 5 ?[\d.]+$/)
  const colours = await inksOf(page)
  assert.ok(colours.price > 200, `${colours.price} pixels of the price's line`)
  assert.ok(colours.average > 100, `${colours.average} pixels of the average's line`)
})

test('a job is made, paused and deleted by the keyboard alone', { skip }, async (t) => {
  const { page } = await openStocked(t)
  await tabTo(page, '#order-symbol')
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

test('a stopped service shows as reconnecting; when it is back, nothing was missed', { skip }, async (t) => {
  const service = await createStocked(t)
  const door = await createDoor(t, await service.listen())
  const page = await openPage(t)
  await page.goto(door.address)
  const state = page.locator('.connection')
  await state.getByText('Live').waitFor()
  await door.shut()
  await state.getByText('Reconnecting').waitFor()
  await page.locator('.notices', { hasText: 'The service does not answer' }).waitFor()
  await service.store({ symbol: 'AAPL', price: '777.77' })
  await door.reopen()
  await page.locator('.watchlist .price', { hasText: /^777\.77$/ }).waitFor()
  await state.getByText('Live').waitFor()
})

test('a database that is away, a provider that fails and a first run are told in words', { skip }, async (t) => {
  let isAway = false
  const service = await createHttpService(t)
  const page = await openPage(t)
  await page.goto(await service.listen())
  await page.getByRole('heading', { name: 'Nothing is fetched yet' }).waitFor()

  service.providerStats.observe('scripted', 5, new ServiceError('provider_unavailable', 'scripted answers with 500.'))
  await page.locator('.notices', { hasText: 'scripted answers with 500.' }).waitFor()

  await page.route(/\/(prices\/poll|symbols|health)/, (route) =>
    isAway
      ? route.fulfill({ status: 503, contentType: 'application/problem+json', body: STORAGE_AWAY })
      : route.continue(),
  )
  isAway = true
  await page.locator('.notices', { hasText: 'The database does not answer' }).waitFor()
  isAway = false
  await page.locator('.connection', { hasText: 'Live' }).waitFor()
})

test(
  'a page that is opened while the database is away says so in each part, and fills when it is back',
  { skip },
  async (t) => {
    const service = await createStocked(t)
    const page = await openPage(t)
    let isAway = true
    await page.route(/\/(prices|symbols|health|moving-averages)/, (route) =>
      isAway
        ? route.fulfill({ status: 503, contentType: 'application/problem+json', body: STORAGE_AWAY })
        : route.continue(),
    )
    await page.goto(await service.listen())
    for (const part of ['.watchlist', '.jobs', '.providers', '.pipeline']) {
      await page.locator(part, { hasText: 'Cannot be read now' }).waitFor()
    }
    assert.equal(await page.getByText('Loading').count(), 0)
    isAway = false
    await drawn(page)
    await page.locator('.jobs', { hasText: 'No jobs. Start one above.' }).waitFor()
    await page.locator('.pipeline table').waitFor()
    assert.equal(await page.getByText('Cannot be read now').count(), 0)
  },
)

test('the chosen symbol is in the address, and a reload keeps it', { skip }, async (t) => {
  const { service, page } = await openStocked(t)
  await service.store({ symbol: 'MSFT', price: '7' })
  await page.locator('.watchlist tbody tr', { hasText: 'MSFT' }).click()
  await page.waitForURL('**/?symbol=MSFT&provider=scripted')
  await page.reload()
  await page.locator('.headline h2', { hasText: 'MSFT' }).waitFor()
  assert.equal(await page.locator('.watchlist [aria-current=true]', { hasText: 'MSFT' }).count(), 1)
})

const HELD_UP: KafkaStatus = {
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

test('the way of a price shows where it is held up, at the width of a phone as well', { skip }, async (t) => {
  let shown = HELD_UP
  const service = await createHttpService(t, { health: { readKafkaStatus: async () => shown } })
  await service.store({ symbol: 'AAPL', price: '100' })
  const page = await openPage(t, { viewport: { width: 390, height: 844 } })
  await page.goto(await service.listen())
  const way = page.locator('.pipeline')
  await way.getByText('partition 1 by 4,311').waitFor()
  assert.deepEqual(
    await way.locator('tbody th').evaluateAll((cells) => cells.map(({ firstChild }) => firstChild?.textContent)),
    ['Log', 'Relay', 'Topic', 'Consumers', 'Averages'],
  )
  for (const words of ['nobody leads', '1 price,', '2 partitions', 'nobody reads', '4,311 messages']) {
    await way.getByText(words).waitFor()
  }
  assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 390)
  assert.deepEqual((await new AxeBuilder({ page }).include('.pipeline').analyze()).violations, [])
  shown = { ...HELD_UP, awaySince: instantFromMillis(Date.now()), seen: null }
  await page.locator('.notices', { hasText: 'Kafka has not answered since' }).waitFor()
  await way.getByText('away').waitFor()
})

const STORAGE_AWAY = JSON.stringify({ code: 'storage_unavailable', title: 'Storage unavailable', detail: 'Later.' })

for (const colorScheme of ['light', 'dark'] as const) {
  test(
    `axe finds nothing in ${colorScheme}, no request leaves the origin, and there is a picture`,
    { skip },
    async (t) => {
      const address = await serveSimulated(t)
      const page = await openPage(t, { colorScheme, viewport: { width: 1440, height: 900 } })
      const complaints: string[] = []
      page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
      page.on('request', (request) => request.url().startsWith(address) || complaints.push(request.url()))
      await page.goto(address)
      await drawn(page)
      await page.locator('.jobs', { hasText: 'recorded' }).waitFor()
      const { violations } = await new AxeBuilder({ page }).analyze()
      assert.deepEqual(
        violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`),
        [],
      )
      await page.screenshot({ path: pictureOf(colorScheme) })
      await page.setViewportSize({ width: 390, height: 844 })
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 390)
      assert.deepEqual(complaints, [])
    },
  )
}

test('the whole page is at most 120 kB', { skip }, () => {
  const folder = join(root, 'dist/dashboard')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(folder, name)).isFile(),
  )
  const sent = files.filter((name) => !files.includes(`${name}.br`))
  const bytes = sent.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
  assert.ok(bytes <= 120_000, `${bytes} bytes`)
})

/** The README's pictures are remade only when asked, so that a test leaves the checkout as it was. */
function pictureOf(scheme: string): string {
  const folder = join(root, process.env['PICTURES'] === 'docs' ? 'docs' : 'dist/pictures')
  mkdirSync(folder, { recursive: true })
  return join(folder, `page-${scheme}.png`)
}

/** A service with a handful of prices, in the past and apart by a second. */
async function createStocked(t: TestContext): Promise<HttpService> {
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

async function openStocked(t: TestContext): Promise<{ service: HttpService; page: Page }> {
  const service = await createStocked(t)
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

/** How many pixels of the chart have the colours of its lines. */
function inksOf(page: Page): Promise<{ price: number; average: number }> {
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
