import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import type { Page } from 'playwright-core'
import { createRecompute } from '../../src/postgres/averages/recompute.ts'
import { createStoreReply } from '../../src/postgres/ingest/store-reply.ts'
import { instantFromMillis } from '../../src/lib/instant.ts'
import { createHttpService, type HttpService } from '../support/http-service.ts'
import { quoteOf } from '../support/scripted-provider.ts'
import { openPage, skip } from './browser.ts'

test('10,000 prices and their averages are loaded in one request each, and drawn', { skip }, async (t) => {
  const service = await createHttpService(t)
  await service.store({ symbol: 'AAPL', price: '100' })
  await copyBack(service, 9_999)
  const page = await openPage(t)
  const requests = countRequests(page)
  await page.goto(await service.listen())
  await page.locator('.chart[data-state=drawn]').waitFor()
  assert.deepEqual([requests('/prices/history'), requests('/moving-averages')], [1, 1])
  // All were loaded: the legend does not say that only the newest are shown.
  assert.equal(await page.locator('.chart .more').count(), 0)
})

test(
  '1,000 prices of 50 symbols change 1,000 texts in few batches, with no new element or request',
  { skip },
  async (t) => {
    const { page, tick } = await openFiftySymbols(t)
    const requests = countRequests(page)
    await page.evaluate(OBSERVE_ROWS)
    for (let at = 1; at <= 20; at++) await Promise.all([tick(SYMBOLS, at), after(t, 200)])
    await priceOf(page, 'SYM49', 20).waitFor()
    await priceOf(page, 'SYM0', 20).waitFor()
    const { rows, prices, elements, batches } = await page.evaluate<RowWork>('work()')
    t.diagnostic(`${prices} prices in ${batches} batches`)
    assert.equal(rows.length, 50)
    assert.ok(prices <= 1_000, `${prices} texts of prices changed`)
    assert.equal(elements, 0)
    assert.ok(batches <= 200, `${batches} batches`)
    assert.equal(requests('/prices/history'), 0)
  },
)

test('a price changes its own row and no other', { skip }, async (t) => {
  const { page, tick } = await openFiftySymbols(t)
  await page.evaluate(OBSERVE_ROWS)
  await tick(['SYM7'], 1)
  await priceOf(page, 'SYM7', 1).waitFor()
  const { rows, prices, elements } = await page.evaluate<RowWork>('work()')
  assert.deepEqual([rows, prices, elements], [['SYM7 scripted'], 1, 0])
})

const SYMBOLS = Array.from({ length: 50 }, (_, at) => `SYM${at}`)

function priceAt(at: number): string {
  return (100 + at / 100).toFixed(2)
}

/** What changed in the rows since they were observed; their ages, which change every second, aside. */
type RowWork = {
  readonly rows: readonly string[]
  readonly prices: number
  /** Elements added or removed. */
  readonly elements: number
  /** Turns of the browser's event loop in which a price changed. */
  readonly batches: number
}

const OBSERVE_ROWS = `(() => {
  const rows = new Set()
  let [prices, elements, batches] = [0, 0, 0]
  const elementOf = ({ target }) => (target.nodeType === Node.TEXT_NODE ? target.parentElement : target)
  new MutationObserver((all) => {
    const changes = all.filter((change) => elementOf(change) && !elementOf(change).closest('.age'))
    const priceChanges = changes.filter((change) => elementOf(change).closest('.price'))
    for (const change of changes) rows.add(elementOf(change).closest('tr')?.querySelector('th').textContent ?? 'no row')
    elements += changes.flatMap(({ addedNodes, removedNodes }) => [...addedNodes, ...removedNodes])
      .filter(({ nodeType }) => nodeType === Node.ELEMENT_NODE).length
    prices += priceChanges.length
    if (priceChanges.length > 0) batches++
  }).observe(document.querySelector('.watchlist tbody'), { subtree: true, childList: true, characterData: true })
  globalThis.work = () => ({ rows: [...rows], prices, elements, batches })
})()`

/** A page that streams the prices of 50 symbols; `tick` stores one price of each given symbol. */
async function openFiftySymbols(t: TestContext) {
  const service = await createHttpService(t)
  const record = createStoreReply(service.pool)
  const tick = async (symbols: readonly string[], at: number) => {
    await record(...replyAt(symbols, at))
    service.notifyPricesStored()
  }
  await tick(SYMBOLS, 0)
  const page = await openPage(t, { reducedMotion: 'no-preference' })
  await page.goto(await service.listen())
  await priceOf(page, 'SYM49', 0).waitFor()
  await page.locator('.connection', { hasText: 'Live' }).waitFor()
  await page.locator('.chart[data-state=drawn]').waitFor()
  return { page, tick }
}

function priceOf(page: Page, symbol: string, at: number) {
  const row = page.locator('.watchlist tbody tr', { hasText: new RegExp(`^${symbol} `) })
  return row.locator('.price', { hasText: priceAt(at) })
}

/** Counts requests from now on, by their path. */
function countRequests(page: Page): (path: string) => number {
  const paths: string[] = []
  page.on('request', (request) => paths.push(new URL(request.url()).pathname))
  return (path) => paths.filter((one) => one === path).length
}

/** One reply with a price of each symbol. */
function replyAt(symbols: readonly string[], at: number) {
  const receivedAt = instantFromMillis(Date.now())
  const reply = {
    provider: 'scripted',
    symbols,
    request: 'GET https://scripted.example/quotes',
    status: 200,
    body: Buffer.from(String(at)),
    receivedAt,
    parserVersion: 1,
  }
  const quotes = symbols.map((symbol) => ({ symbol, quote: quoteOf({ symbol, price: priceAt(at) }) }))
  return [reply, quotes] as const
}

/** The interval between prices; no condition is waited for. */
function after(t: TestContext, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    t.signal.addEventListener('abort', () => clearTimeout(timer))
  })
}

/** Copies the stored price `count` times into the past, one second apart, and computes all averages. */
async function copyBack({ pool }: HttpService, count: number): Promise<void> {
  await pool.query(
    `insert into prices (series_id, event_time, revision, late, price, received_at, raw_response_id, epoch)
     select series_id, event_time - at * interval '1 second', 1, true, round(price + 10 * sin(at / 300.0)::numeric, 2),
            received_at, raw_response_id, epoch
       from prices, generate_series(1, $1) as at`,
    [count],
  )
  const { rows } = await pool.query('select series_id as "seriesId", event_time as "eventTime" from prices')
  await createRecompute(pool, [5])(rows)
}
