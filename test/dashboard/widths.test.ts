import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { AxeBuilder } from '@axe-core/playwright'
import { openPage, skip } from './browser.ts'
import { createFakeService, jobOf } from './fake-service.ts'

const WIDTHS = [320, 360, 390, 768, 1024, 1280, 1440, 1920]
const folder = join(import.meta.dirname, '../../dist/pictures')

const LONG = 'Taiwan Semiconductor Manufacturing Company Limited'
const SYMBOLS = [
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
const JOBS = SYMBOLS.map(({ symbol }, at) =>
  jobOf(symbol, {
    interval_seconds: 86_400 * 30 - 1,
    ...(at === 0 && { market_hours: 'extended' }),
    ...(at === 1 && { status: 'failing', failures: 12_345, last_run: failedRun() }),
    ...(at === 2 && { status: 'paused', next_run_at: null }),
  }),
)

for (const colorScheme of ['light', 'dark'] as const) {
  test(
    `in the ${colorScheme} theme nothing is cut and nothing scrolls sideways from 320 to 1,920 px`,
    { skip },
    async (t) => {
      const service = await createFakeService(t, { symbols: SYMBOLS, jobs: JOBS })
      const page = await openPage(t, { colorScheme })
      await page.addInitScript(OWN_LIST)
      await page.goto(service.url)
      await page.locator('.watchlist .price').first().waitFor()
      await page.locator('.jobs tbody tr').first().waitFor()
      await page.getByRole('button', { name: 'Edit AAPL240119C00100000 from simulated' }).click()
      mkdirSync(folder, { recursive: true })
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 900 })
        for (const list of ['', 'own']) {
          await page.getByLabel('List', { exact: true }).selectOption(list)
          assert.deepEqual(await page.evaluate(CUT), [], `${width} px${list && ', a list of the person’s own'}`)
        }
        await page.screenshot({ path: join(folder, `width-${width}-${colorScheme}.png`), fullPage: true })
        if (width !== 320 && width !== 1920) continue
        const { violations } = await new AxeBuilder({ page }).analyze()
        assert.deepEqual(
          violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`),
          [],
        )
      }
    },
  )
}

const KEYS = SYMBOLS.map(({ symbol }) => `${symbol} simulated`)
const SAVED = {
  version: 1,
  lists: [{ id: 'own', name: 'A list with a long name, up to forty', keys: KEYS }],
  shown: null,
}
const OWN_LIST = `localStorage.setItem('watchlists', ${JSON.stringify(JSON.stringify(SAVED))})`

/** What is wider than the element that shows it, or reaches over the page's edge. The headline and chart have tests of their own. */
const CUT = `(() => {
  const { scrollWidth, clientWidth } = document.documentElement
  const wide = scrollWidth > clientWidth ? ['page: ' + scrollWidth + ' in ' + clientWidth] : []
  const parts = document.querySelectorAll('main > section:not(.chart-panel), main .scroll, .job-form, .title, .list-bar')
  for (const part of parts) {
    if (part.scrollWidth > part.clientWidth) wide.push(part.className + ': ' + part.scrollWidth + ' in ' + part.clientWidth)
    const { right } = part.getBoundingClientRect()
    for (const one of part.querySelectorAll('button, input, select, span, p, th, td')) {
      if (one.closest('.hidden, [hidden]')) continue
      const own = one.getBoundingClientRect()
      if (own.width > 0 && own.right > right + 1) wide.push(one.outerHTML.slice(0, 90) + ' leaves ' + part.className)
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
