import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { createRecompute } from '../../src/postgres/averages/recompute.ts'
import { createStoreReply } from '../../src/postgres/ingest/store-reply.ts'
import { instantFromMillis } from '../../src/lib/instant.ts'
import { createHttpService, type HttpService } from '../support/http-service.ts'
import { quoteOf } from '../support/scripted-provider.ts'
import { openBrowser, openPage, skip } from './browser.ts'

const LOST_MS = 10_000

test('10,000 prices and their averages are loaded and drawn; how fast is reported', { skip }, async (t) => {
  const service = await createHttpService(t)
  await service.store({ symbol: 'AAPL', price: '100' })
  await copyBack(service, 9_999)
  const address = await service.listen()
  const page = await openPage(t)
  const times: number[] = []
  // The first load warms the server.
  while (times.length < 4) {
    await page.goto(address)
    await page.locator('.chart[data-state=drawn]').waitFor()
    // The frame behind it shows what was drawn.
    const frame = 'new Promise((shown) => requestAnimationFrame(() => shown(performance.now())))'
    times.push(Math.round(await page.evaluate<number>(frame)))
  }
  t.diagnostic(`from the first byte to the line: ${times.join(', ')} ms`)
  // The aim is a second on a quiet machine. On a busy one no clock tells what is ours, so the bound is far beyond it.
  assert.ok(Math.min(...times) < LOST_MS, `${times.join(', ')} ms`)
})

test('with 50 symbols at five prices a second each no task of the page takes 100 ms', { skip }, async (t) => {
  const service = await createHttpService(t)
  const record = createStoreReply(service.pool)
  const tick = async (at: number) => {
    await record(...replyAt(at))
    service.notifyPricesStored()
  }
  await tick(0)
  const page = await openPage(t, { reducedMotion: 'no-preference' })
  await page.goto(await service.listen())
  await page
    .locator('.watchlist .price')
    .nth(SYMBOLS.length - 1)
    .waitFor()
  await page.locator('.connection', { hasText: 'Live' }).waitFor()

  const browser = await openBrowser()
  await browser.startTracing(page, { categories: ['toplevel', 'disabled-by-default-devtools.timeline'] })
  for (let at = 1; at <= 20; at++) await Promise.all([tick(at), after(t, 200)])
  await page
    .locator('.watchlist tbody tr')
    .first()
    .locator('.price', { hasText: priceAt(20) })
    .waitFor()
  const longest = longestTask(JSON.parse(String(await browser.stopTracing())) as Trace)
  t.diagnostic(`the longest of ${longest.count} tasks: ${longest.ms.toFixed(1)} ms of work`)
  assert.ok(longest.count > 100)
  assert.ok(longest.ms < 100, `${longest.ms} ms`)
})

const SYMBOLS = Array.from({ length: 50 }, (_, at) => `SYM${at}`)

function priceAt(at: number): string {
  return (100 + at / 100).toFixed(2)
}

/** One reply with a price of every symbol. */
function replyAt(at: number) {
  const receivedAt = instantFromMillis(Date.now())
  const reply = {
    provider: 'scripted',
    symbols: SYMBOLS,
    request: 'GET https://scripted.example/quotes',
    status: 200,
    body: Buffer.from(String(at)),
    receivedAt,
    parserVersion: 1,
  }
  const quotes = SYMBOLS.map((symbol) => ({ symbol, quote: quoteOf({ symbol, price: priceAt(at) }) }))
  return [reply, quotes] as const
}

/** The rhythm of the prices, not a wait for something. */
function after(t: TestContext, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    t.signal.addEventListener('abort', () => clearTimeout(timer))
  })
}

/** The price that is there, so many times more, a second apart into the past; then the averages of all. */
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

type TraceEvent = { name: string; ph: string; pid: number; tid: number; tdur?: number; args?: { name?: string } }
type Trace = { readonly traceEvents: readonly TraceEvent[] }

/** Of the page's own thread, in time that it worked: on a busy machine it also waits for its turn. */
function longestTask({ traceEvents }: Trace): { ms: number; count: number } {
  const threads = traceEvents.filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
  const places = new Set(threads.map(({ pid, tid }) => `${pid} ${tid}`))
  const tasks = traceEvents.filter(({ pid, tid, tdur }) => tdur !== undefined && places.has(`${pid} ${tid}`))
  return { ms: Math.max(...tasks.map(({ tdur = 0 }) => tdur)) / 1_000, count: tasks.length }
}
