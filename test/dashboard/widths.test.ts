import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { openPage, skip } from './browser.ts'
import { createFakeService, jobOf } from './fake-service.ts'

const WIDTHS = [320, 360, 390, 768, 1024, 1280, 1440, 1920]
/** A phone and a desk: axe checks colours and roles, which do not change with each pixel, and takes seconds. */
const WITH_AXE = new Set([320, 1440])
const folder = join(import.meta.dirname, '../../dist/pictures')

const LONG = 'Taiwan Semiconductor Manufacturing Company Limited'
const LONGEST = [
  {
    symbol: 'AAPL240119C00100000',
    name: LONG,
    exchange: 'New York Stock Exchange',
    price: '545120.5',
    previous_close: '101273.87',
    market_state: 'post',
    freshness: 'closed',
  },
  { symbol: 'BTC-USD', name: 'Bitcoin USD', price: '101273.87', previous_close: '99562.16' },
  {
    symbol: 'NIFTY_MID_SELECT.NS',
    price: '123456.7891',
    previous_close: '223456.7891',
    freshness: 'unknown',
    market_state: 'unknown',
  },
  { symbol: 'PEPE24478-USD', price: '0.00000714', previous_close: '0.00000723' },
  {
    symbol: 'VOD.L',
    name: 'Vodafone Group Plc',
    currency: 'GBp',
    price: '7350',
    market_state: 'pre',
    freshness: 'closed',
  },
]
/** `~` sorts behind every letter: the longest are the ones that are drawn. */
const SYMBOLS = [...LONGEST, ...Array.from({ length: 5_000 - LONGEST.length }, (_, at) => ({ symbol: `~S${at}` }))]
const JOBS = SYMBOLS.slice(0, 2_000).map(({ symbol }, at) =>
  jobOf(symbol, {
    interval_seconds: 86_400 * 30 - 1,
    ...(at === 0 && { market_hours: 'extended' }),
    ...(at === 1 && { status: 'failing', failures: 12_345, last_run: failedRun() }),
    ...(at === 2 && { status: 'paused', next_run_at: null }),
  }),
)

for (const colorScheme of ['light', 'dark'] as const) {
  test(
    `in the ${colorScheme} theme nothing is cut and nothing scrolls sideways from 320 to 1,920 px, with 5,000 symbols and 2,000 jobs`,
    { skip },
    async (t) => {
      const page = await openLongest(t, colorScheme)
      mkdirSync(folder, { recursive: true })
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 900 })
        for (const [list, button] of VIEWS) {
          await page.getByLabel('List', { exact: true }).selectOption(list)
          await page.getByRole('button', { name: button }).click()
          await page.locator('.jobs tr.remark').waitFor()
          assert.deepEqual(await page.evaluate(CUT), [], `${width} px${list && ', a list of the person’s own'}`)
        }
        await page.screenshot({ path: join(folder, `width-${width}-${colorScheme}.png`), fullPage: true })
        if (WITH_AXE.has(width)) await assertAccessible(page, width)
      }
    },
  )
}

/** The list that is shown, and what is opened below a job. */
const VIEWS = [
  ['', 'Runs of BTC-USD from simulated'],
  ['own', 'Edit AAPL240119C00100000 from simulated'],
] as const

/** A page that shows the longest values in every part. */
async function openLongest(t: TestContext, colorScheme: 'light' | 'dark'): Promise<Page> {
  const service = await createFakeService(t, { symbols: SYMBOLS, jobs: JOBS })
  service.state.answers['GET /prices/history'] = () => [200, { ...ONE_PAGE, data: PAST.map(priceOf) }]
  service.state.answers['GET /moving-averages'] = () => [200, { ...ONE_PAGE, data: PAST.map(averageOf) }]
  const page = await openPage(t, { colorScheme })
  await page.addInitScript(OWN_LIST)
  await page.goto(`${service.url}/?symbol=AAPL240119C00100000&provider=simulated`)
  await page.locator('.watchlist .price').first().waitFor()
  await page.locator('.chart[data-state=drawn]').waitFor()
  return page
}

async function assertAccessible(page: Page, width: number): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  assert.deepEqual(
    violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`),
    [],
    `${width} px`,
  )
}

const ONE_PAGE = { next_cursor: null, next_url: null }
/** Newest first, as the service answers. */
const PAST = Array.from({ length: 60 }, (_, at) => ({
  id: { symbol: 'AAPL240119C00100000', provider: 'simulated', currency: 'USD' },
  timestamp: new Date(Date.UTC(2026, 0, 15, 12, 0, -at)).toISOString(),
}))

function priceOf({ id, timestamp }: (typeof PAST)[number], at: number) {
  return { ...id, timestamp, price: 545_120.123_456_7 - at, price_id: String(at + 1) }
}

function averageOf({ id, timestamp }: (typeof PAST)[number], at: number) {
  return { ...id, timestamp, average: 545_118.123_456_789 - at, window: 5 }
}

const KEYS = LONGEST.map(({ symbol }) => `${symbol} simulated`)
const SAVED = {
  version: 1,
  lists: [{ id: 'own', name: 'A list with a long name, up to forty', keys: KEYS }],
  shown: null,
}
const OWN_LIST = `localStorage.setItem('watchlists', ${JSON.stringify(JSON.stringify(SAVED))})`

/** What is wider than the element that shows it, hides a part of its text, or reaches over the page's edge. */
const CUT = `(() => {
  const { scrollWidth, clientWidth } = document.documentElement
  const wide = scrollWidth > clientWidth ? ['page: ' + scrollWidth + ' in ' + clientWidth] : []
  const parts = document.querySelectorAll('header.top, main > section, main .scroll, .job-form, .title, .list-bar, .headline, .tools, .chart figcaption')
  for (const part of parts) {
    if (part.scrollWidth > part.clientWidth) wide.push(part.className + ': ' + part.scrollWidth + ' in ' + part.clientWidth)
    const { right } = part.getBoundingClientRect()
    for (const one of part.querySelectorAll('a, button, input, select, span, b, p, time, h1, h2, label, th, td')) {
      if (one.closest('.hidden, [hidden]')) continue
      const own = one.getBoundingClientRect()
      if (own.width > 0 && own.right > right + 1) wide.push(one.outerHTML.slice(0, 90) + ' leaves ' + part.className)
      const { overflowX, display } = getComputedStyle(one)
      const isCut = display !== 'inline' && overflowX !== 'visible' && one.scrollWidth > one.clientWidth
      if (isCut && !one.matches('input, select')) wide.push(one.outerHTML.slice(0, 90) + ' is cut')
    }
  }
  return wide
})()`

function failedRun() {
  const at = new Date().toISOString()
  const error = {
    code: 'provider_rate_limited',
    detail: 'simulated answers with 429 and asks for an hour of patience.',
  }
  return { started_at: at, finished_at: at, outcome: 'failed' as const, error }
}
