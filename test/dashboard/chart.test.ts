import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { ServiceError } from '../../src/errors.ts'
import type { Page } from 'playwright-core'
import { createHttpService, type HttpService } from '../support/http-service.ts'
import type { GivenPrice } from '../support/scripted-provider.ts'
import { until } from '../support/until.ts'
import { openPage, skip } from './browser.ts'
import { pricesOf, readPoints, untilPoints } from './chart-points.ts'

type Prices = readonly Partial<GivenPrice>[]

const LATE = pricesOf('late-1.csv')
const DRAWN = LATE.map(({ price }) => String(price))

test('a price that arrives late is drawn at its time, between and before those that are drawn', { skip }, async (t) => {
  const { service, page, errors } = await openChart(t, LATE)
  assert.deepEqual(await readPoints(page), DRAWN)
  await service.store(...pricesOf('late-2.csv'))
  const [first = '', ...others] = DRAWN
  await untilPoints(page, ['120.00', first, '150.00', ...others.slice(0, 5), '106.00', '60.00', ...others.slice(6)])
  assert.deepEqual(errors, [])
})

test(
  'a late price in the same moment as a newer one keeps neither from the chart, its legend or its average',
  { skip },
  async (t) => {
    const { service, page, errors } = await openChart(t, LATE)
    await service.store(...pricesOf('late-3-and-newer.csv'))
    await legend(page, 'price', '300.00').waitFor()
    await untilPoints(page, ['100.00', '101.00', '90.00', ...DRAWN.slice(2), '300.00'])
    // (300 + 111 + 110 + 109 + 108) / 5
    for (const key of ['PageDown', 'PageDown']) await page.locator('.canvas').press(key)
    await legend(page, 'average', '147.6').waitFor()
    assert.deepEqual(errors, [])
  },
)

test('late prices out of order, and a correction among them, are all drawn', { skip }, async (t) => {
  const { service, page, errors } = await openChart(t, LATE)
  await service.store(
    late('10:54:00', '2.00'),
    late('10:53:00', '1.00'),
    late('10:10:00', '102.50'),
    late('10:56:00', '3.00'),
  )
  await untilPoints(page, ['100.00', '101.00', '102.50', ...DRAWN.slice(3, -1), '1.00', '2.00', '111.00', '3.00'])
  assert.deepEqual(errors, [])
})

test('the averages that a late price changes are drawn again', { skip }, async (t) => {
  const { service, page } = await openChart(t, LATE)
  await legend(page, 'average', '109').waitFor()
  await service.store({ symbol: 'LATE', time: '2024-01-15T10:54:30Z', price: '11.00' })
  // (111 + 11 + 110 + 109 + 108) / 5
  await legend(page, 'average', '89.8').waitFor()
})

test('an event that is no price at all keeps no other from being shown', { skip }, async (t) => {
  const events = [
    { symbol: 'LATE', provider: 'scripted', price: 1, timestamp: 'never', price_id: '900', currency: 'USD' },
    {
      symbol: 'LATE',
      provider: 'scripted',
      price: 222.5,
      timestamp: '2024-01-15T11:30:00Z',
      price_id: '901',
      currency: 'USD',
    },
  ]
  const service = await createHttpService(t)
  await service.store(...LATE)
  const page = await openPage(t)
  let body = ''
  await page.route('**/prices/stream', (route) =>
    route.fulfill({ contentType: 'text/event-stream', body: `retry: 200\n\n${body}` }),
  )
  await page.goto(`${await service.listen()}/?symbol=LATE&provider=scripted`)
  await page.locator('.chart[data-state=drawn]').waitFor()
  body = events.map((event) => `event: price\ndata: ${JSON.stringify(event)}\n\n`).join('')
  await page.locator('.headline .price', { hasText: '222.5' }).waitFor()
  await legend(page, 'price', '222.5').waitFor()
})

test(
  'while a symbol is quoted now in pence, now in pounds, each is a line of its own and no change is made up',
  { skip },
  async (t) => {
    const { service, page, errors } = await openChart(t, [vod('7350', 'GBp', 0), vod('7351', 'GBp', 1)])
    await service.store(vod('73.51', 'GBP', 2))
    await page.locator('.headline .figures', { hasText: /^73\.51 GBP ?$/ }).waitFor()
    assert.match(String(await page.locator('.watchlist .last').last().textContent()), /^73\.51 ?GBP$/)
    await page.locator('.currency-change', { hasText: /^Now quoted in GBP; until .* in GBp: 7351$/ }).waitFor()
    await page.locator('.key[data-line=price]', { hasText: 'Price GBp 7351' }).waitFor()
    await page.locator('.key[data-line=price]', { hasText: 'Price GBP 73.51' }).waitFor()
    assert.equal(await page.locator('.key[data-line=price]').count(), 2)
    assert.doesNotMatch(String(await page.locator('.chart-panel').textContent()), /%/)
    await service.store(vod('7355', 'GBp', 3))
    await page.locator('.key[data-line=price]', { hasText: 'Price GBp 7355' }).waitFor()
    await untilPoints(page, ['7350', '7351', '73.51', '7355'])
    await page.reload()
    await page.locator('.key[data-line=price]', { hasText: 'Price GBP 73.51' }).waitFor()
    await untilPoints(page, ['7350', '7351', '73.51', '7355'])
    assert.deepEqual(errors, [])
  },
)

test('prices with and without a currency are two lines, each with its own average', { skip }, async (t) => {
  const prices = Array.from({ length: 10 }, (_, at) => ({
    symbol: 'ACME',
    price: at % 2 === 0 ? '10' : '185.70',
    currency: (at % 2 === 0 ? null : 'USD') as string,
    time: `2024-01-15T10:0${at}:00Z`,
  }))
  const { page } = await openChart(t, prices)
  await page.locator('.key', { hasText: /^Average of 5 USD 185\.70*$/ }).waitFor()
  await page.locator('.key', { hasText: /^Average of 5 no currency 10(\.0+)?$/ }).waitFor()
})

test('the axis learns its decimals from prices that come to an empty chart', { skip }, async (t) => {
  const service = await createHttpService(t)
  const page = await openPage(t)
  await recordTexts(page)
  // A job is accepted without a price only if the provider cannot be asked.
  service.source.fails(new ServiceError('provider_unavailable', 'scripted does not answer.'))
  const body = { symbol: 'PEPE24478-USD', provider: 'scripted', interval_seconds: 3_600 }
  assert.equal((await service.ask('/prices/poll', { method: 'POST', body })).status, 202)
  await page.goto(`${await service.listen()}/?symbol=PEPE24478-USD&provider=scripted`)
  await page.locator('.chart[data-state=empty]').waitFor()
  await service.store(
    { symbol: 'PEPE24478-USD', price: '0.00000714' },
    { symbol: 'PEPE24478-USD', price: '0.00000723' },
  )
  await legend(page, 'price', '0.00000723').waitFor()
  await untilText(page, '0.00000723')
})

for (const { title, symbol, prices, last } of [
  {
    title: 'below 1e-8',
    symbol: 'BABYDOGE-USD',
    prices: pricesOf('price-below-1e-8.csv'),
    last: '0.00000000121',
  },
  {
    title: 'that differ only behind eight decimals',
    symbol: 'DIFF-USD',
    prices: seriesOf('DIFF-USD', ['1.00000000011', '1.00000000012', '1.00000000013']),
    last: '1.00000000013',
  },
  {
    title: 'as small as are stored',
    symbol: 'TINY-USD',
    prices: seriesOf('TINY-USD', ['0.000000000000000011', '0.000000000000000012', '0.000000000000000013']),
    last: '0.000000000000000013',
  },
]) {
  test(`prices ${title} are told apart on the axis`, { skip }, async (t) => {
    const service = await createHttpService(t)
    await service.store(...prices)
    const page = await openPage(t)
    await recordTexts(page)
    await page.goto(`${await service.listen()}/?symbol=${symbol}&provider=scripted`)
    await untilText(page, last)
    const texts = (await page.evaluate<string[]>('texts')).filter((text) => text.startsWith(last.slice(0, 8)))
    // The last price, its average, and marks of the axis.
    assert.ok(new Set(texts).size >= 3, texts.join(' '))
  })
}

test('an hour of daily prices shows the days before it, and the line stays in the frame', { skip }, async (t) => {
  const days = Array.from({ length: 29 }, (_, day) => ({
    symbol: 'DAILY',
    price: String(day < 28 ? 100 + day : 300),
    time: new Date(Date.UTC(2024, 0, 1 + day)).toISOString(),
  }))
  const intraday = { symbol: 'DAILY', price: '310', time: '2024-01-29T00:30:00Z' }
  const { page } = await openChart(t, [...days, intraday])
  await page.getByLabel('1 h').check()
  const { width, left } = await lineExtent(page)
  assert.ok(left < 0.1 * width, `the line begins at ${left} of ${width}`)
  assert.ok(await touchesNoEdge(page))
})

test('the first prices begin at the left of the chart', { skip }, async (t) => {
  const { page } = await openChart(t, seriesOf('NEW', ['1.00', '1.10', '1.05', '1.20']))
  const { left, right, width } = await lineExtent(page)
  assert.ok(left < 0.1 * width, `the line begins at ${left} of ${width}`)
  assert.ok(right - left > 0.15 * width, `the line is ${right - left} wide`)
})

function late(time: string, price: string): Prices[number] {
  return { symbol: 'LATE', time: `2024-01-15T${time}Z`, price }
}

function vod(price: string, currency: string, second: number): Prices[number] {
  return { symbol: 'VOD.L', price, currency, time: `2026-01-15T10:00:0${second}Z` }
}

function seriesOf(symbol: string, prices: readonly string[]): Prices {
  return prices.map((price, at) => ({ symbol, price, time: `2024-01-15T10:00:0${at}Z` }))
}

async function openChart(
  t: TestContext,
  prices: Prices,
): Promise<{ service: HttpService; page: Page; errors: string[] }> {
  const service = await createHttpService(t)
  await service.store(...prices)
  const page = await openPage(t)
  const errors: string[] = []
  page.on('pageerror', ({ message }) => errors.push(message))
  await page.goto(`${await service.listen()}/?symbol=${prices[0]?.symbol}&provider=scripted`)
  await page.locator('.connection', { hasText: 'Live' }).waitFor()
  await page.locator('.chart[data-state=drawn]').waitFor()
  return { service, page, errors }
}

function legend(page: Page, line: 'price' | 'average', text: string) {
  return page.locator(`.key[data-line=${line}] b`, { hasText: new RegExp(`^${text.replaceAll('.', '\\.')}0*$`) })
}

/** Keeps every text that is drawn on a canvas, such as the marks of the axis. */
async function recordTexts(page: Page): Promise<void> {
  await page.addInitScript(`globalThis.texts = []
    const { fillText } = CanvasRenderingContext2D.prototype
    CanvasRenderingContext2D.prototype.fillText = function (text, ...where) {
      texts.push(text)
      return fillText.call(this, text, ...where)
    }`)
}

function untilText(page: Page, text: string): Promise<unknown> {
  return until(() => page.evaluate<boolean>(`texts.includes(${JSON.stringify(text)})`), `${text} is drawn`, WITHIN)
}

const WITHIN = { everyMs: 100, withinMs: 20_000 }

type Extent = { readonly left: number; readonly right: number; readonly width: number }

/** Where the line of prices begins and ends in the chart, in pixels. */
async function lineExtent(page: Page): Promise<Extent> {
  await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))')
  await until(() => page.evaluate<boolean>(`(${LINE_PIXELS})().xs.length > 10`), 'the line is drawn', WITHIN)
  return page.evaluate(`(() => {
    const { xs, width } = (${LINE_PIXELS})()
    return { left: Math.min(...xs), right: Math.max(...xs), width }
  })()`)
}

/** Whether the line of prices stays clear of the upper and the lower edge. */
function touchesNoEdge(page: Page): Promise<boolean> {
  return page.evaluate(`(() => {
    const { ys, height } = (${LINE_PIXELS})()
    return Math.min(...ys) > 2 && Math.max(...ys) < height - 3
  })()`)
}

/** Of the largest canvas, the pixels in the colour of prices; the dotted level of the newest price aside. */
const LINE_PIXELS = `() => {
  const [canvas] = [...document.querySelectorAll('.canvas canvas')].toSorted((a, b) => b.width * b.height - a.width * a.height)
  const { width, height } = canvas
  const { data } = canvas.getContext('2d').getImageData(0, 0, width, height)
  const [xs, ys, counts] = [[], [], new Map()]
  for (let at = 0; at < data.length; at += 4) {
    const isLine = Math.abs(data[at] - 42) + Math.abs(data[at + 1] - 98) + Math.abs(data[at + 2] - 192) < 40
    if (!isLine || data[at + 3] < 200) continue
    xs.push((at / 4) % width)
    ys.push(Math.floor(at / 4 / width))
    counts.set(ys.at(-1), (counts.get(ys.at(-1)) ?? 0) + 1)
  }
  const isSloped = (_, at) => counts.get(ys[at]) < width / 6
  return { xs: xs.filter(isSloped), ys: ys.filter(isSloped), width, height }
}`
