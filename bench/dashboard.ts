import { chromium, type Browser, type Page } from 'playwright-core'
import { jobOf, startFakeService } from '../test/dashboard/fake-service.ts'
import { chromiumPath } from '../test/support/chromium.ts'
import { fillPrices } from './fill.ts'
import { quantile, type Scale } from './interleave.ts'
import { applyLoad, fetchPrices, symbolGroups } from './load.ts'
import { startServer } from './postgres.ts'
import { startService } from './service.ts'
import type { Figure } from './table.ts'

const UPDATES_PER_SECOND = 100
const SHOWN_PRICES = 20
/** A symbol has a new simulated price once a second. */
const NEXT_PRICE_MS = 1_000

/** What the dashboard may take, in milliseconds. */
const BUDGETS = {
  /** A longer task of the page's main thread delays what the user types. */
  longestTask: 100,
  /** From the provider's reply to the price in the watchlist. */
  shown: 1_000,
  /** From opening the page to the chart of 10,000 prices. */
  drawn: 1_000,
}
const DRAWN_PRICES = 10_000
const DRAWINGS = 4

/** The dashboard in Chromium, on a service that stores and streams prices of 100 symbols. */
export async function measureDashboard(scale: Scale): Promise<readonly Figure[]> {
  if (chromiumPath === undefined) throw new Error('Chromium is not installed; CHROMIUM can name another one')
  await using service = await startService()
  await using stack = new AsyncDisposableStack()
  const browser = stack.adopt(await chromium.launch({ executablePath: chromiumPath }), (running) => running.close())
  for (const group of symbolGroups(UPDATES_PER_SECOND)) await fetchPrices(service.url, group)
  const page = await openDashboard(browser, service.url)
  const shown = await measureShown(page, service.url, Math.max(2, Math.min(SHOWN_PRICES, scale.events / 1_000)))
  await loadFor(service.url, scale.seconds)
  const longestTask = await longestTaskDuring(browser, page, () => loadFor(service.url, scale.seconds * 5))
  return [
    figure(`longest browser task at ${UPDATES_PER_SECOND} updates/s`, longestTask, BUDGETS.longestTask),
    figure(`longest browser task with ${MANY_TEXT}`, await longestTaskOfMany(browser), BUDGETS.longestTask),
    figure('provider reply to watchlist, median', shown, BUDGETS.shown),
    figure(`chart of ${DRAWN_PRICES.toLocaleString('en')} prices, median`, await measureDrawn(browser), BUDGETS.drawn),
  ]
}

function figure(what: string, ours: number, budget: number): Figure {
  return { what, unit: 'ms', ours, peer: { name: 'budget', theirs: budget, target: { atMost: 1 } } }
}

/** The median time from opening the page to the frame that shows the chart; the first page load is a warm-up. */
async function measureDrawn(browser: Browser): Promise<number> {
  await using server = await startServer()
  const database = await server.createDatabase()
  await fillPrices(database.pool, { series: 1, rows: DRAWN_PRICES, averages: true })
  await using service = await startService({ DATABASE_URL: database.url })
  const page = await browser.newPage()
  const times: number[] = []
  for (let at = 0; at <= DRAWINGS; at++) {
    await page.goto(service.url)
    await page.locator('.chart[data-state=drawn]').waitFor()
    const ms = await page.evaluate<number>(
      'new Promise((drawn) => requestAnimationFrame(() => drawn(performance.now())))',
    )
    if (at > 0) times.push(ms)
  }
  return quantile(times, 0.5)
}

const MANY_SYMBOLS = 5_000
const MANY_JOBS = 2_000
const MANY_TEXT = `${MANY_SYMBOLS.toLocaleString('en')} symbols and ${MANY_JOBS.toLocaleString('en')} jobs`
const SCROLL_STEPS = 40

/** While the page loads them, and a person scrolls, filters and sorts them. The service is a fake: only the page works. */
async function longestTaskOfMany(browser: Browser): Promise<number> {
  const names = Array.from({ length: MANY_SYMBOLS }, (_, at) => `S${String(at).padStart(5, '0')}`)
  const symbols = names.map((symbol, at) => ({ symbol, name: `Company number ${at}`, price: String(at + 1) }))
  const service = await startFakeService({ symbols, jobs: names.slice(0, MANY_JOBS).map((name) => jobOf(name)) })
  const page = await browser.newPage()
  try {
    return await longestTaskDuring(browser, page, () => useMany(page, service.url))
  } finally {
    await page.close()
    service.close()
  }
}

async function useMany(page: Page, url: string): Promise<void> {
  await page.goto(url)
  const filter = page.getByPlaceholder(`Filter ${MANY_SYMBOLS.toLocaleString('en')} symbols`)
  await filter.waitFor()
  for (let step = 1; step <= SCROLL_STEPS; step++) {
    for (const list of ['.watchlist', '.jobs']) {
      await page.evaluate(`(() => {
        const list = document.querySelector('${list} .scroll')
        list.scrollTop = (list.scrollHeight * ${step}) / ${SCROLL_STEPS}
      })()`)
    }
    await page.waitForTimeout(50)
  }
  await filter.pressSequentially('S012', { delay: 100 })
  await filter.fill('')
  for (const column of ['Last', 'Change', 'Age']) {
    await page.locator('.watchlist thead').getByRole('button', { name: column, exact: true }).click()
    await page.waitForTimeout(200)
  }
}

async function openDashboard(browser: Browser, url: string): Promise<Page> {
  const page = await browser.newPage()
  await page.goto(url)
  await page
    .locator('.watchlist .price')
    .nth(UPDATES_PER_SECOND - 1)
    .waitFor()
  await page.locator('.connection', { hasText: 'Live' }).waitFor()
  return page
}

function loadFor(url: string, seconds: number): Promise<void> {
  return applyLoad(url, UPDATES_PER_SECOND, { signal: AbortSignal.timeout(seconds * 1_000), onFetched: () => {} })
}

/** The median time from a reply of the provider to the change of the symbol's price in the watchlist. */
async function measureShown(page: Page, url: string, count: number): Promise<number> {
  const symbol = symbolGroups(UPDATES_PER_SECOND).flat().at(-1) ?? ''
  const waits: number[] = []
  while (waits.length < count) {
    await page.waitForTimeout(NEXT_PRICE_MS)
    const shown = page.evaluate<number>(whenPriceChanges(symbol))
    const [fetched] = await fetchPrices(url, [symbol])
    waits.push((await shown) - (fetched?.receivedMs ?? Number.NaN))
  }
  return quantile(waits, 0.5)
}

/** Resolves with the time of the next frame after the price of the symbol has changed. No other symbol may begin with it. */
function whenPriceChanges(symbol: string): string {
  return `new Promise((resolve) => {
    const rows = [...document.querySelectorAll('.watchlist tbody tr')]
    const row = rows.find(({ textContent }) => textContent.trim().startsWith('${symbol}'))
    const observer = new MutationObserver(() => {
      observer.disconnect()
      requestAnimationFrame(() => resolve(performance.timeOrigin + performance.now()))
    })
    observer.observe(row.querySelector('.price'), { subtree: true, childList: true, characterData: true })
  })`
}

type TraceEvent = { name: string; pid: number; tid: number; tdur?: number; args?: { name?: string } }
type Trace = { readonly traceEvents: readonly TraceEvent[] }

/** The CPU time of the longest task of the page's main thread, in milliseconds. */
async function longestTaskDuring(browser: Browser, page: Page, work: () => Promise<void>): Promise<number> {
  await browser.startTracing(page, { categories: ['toplevel', 'disabled-by-default-devtools.timeline'] })
  await work()
  const { traceEvents } = JSON.parse(String(await browser.stopTracing())) as Trace
  const main = traceEvents.filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
  const threads = new Set(main.map(({ pid, tid }) => `${pid} ${tid}`))
  const tasks = traceEvents.filter(({ pid, tid }) => threads.has(`${pid} ${tid}`))
  return Math.max(...tasks.map(({ tdur = 0 }) => tdur)) / 1_000
}
