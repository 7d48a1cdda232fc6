import assert from 'node:assert/strict'
import test from 'node:test'
import { createHttpService } from '../support/http-service.ts'
import { openPage, skip } from './browser.ts'

const NOON = { time: '2026-01-15T12:00:00Z', price: '5' }

test('every time is in one zone, the clock says which, and the choice is kept by the browser', { skip }, async (t) => {
  const service = await createHttpService(t)
  await service.store({ symbol: 'AAPL', ...NOON }, { symbol: '7203.T', ...NOON }, { symbol: 'BTC-USD', ...NOON })
  const page = await openPage(t, { timezoneId: 'Europe/Berlin', locale: 'en-GB' })
  const address = await service.listen()
  await page.goto(`${address}/?symbol=AAPL&provider=scripted`)
  const [clock, details, zone] = [page.locator('.clock'), page.locator('.details'), page.getByLabel(/^Time/)]
  const shows = async (time: string, name: RegExp) => {
    await details.getByText(time).waitFor()
    assert.match(String(await clock.textContent()), name)
    await page.locator('.chart[data-state=drawn]').waitFor()
    await page.locator('.canvas').focus()
    await page.keyboard.press('ArrowLeft')
    await page.locator('.chart time', { hasText: time }).waitFor()
  }
  await shows('13:00:00', /^\d\d:\d\d:\d\d (CET|CEST)$/)
  await zone.selectOption('exchange')
  await shows('07:00:00', /GMT-[45]|E[SD]T/)
  await page.locator('.watchlist tbody tr', { hasText: '7203.T' }).click()
  await shows('21:00:00', /GMT\+9|JST/)
  await page.reload()
  await shows('21:00:00', /GMT\+9|JST/)
  // A coin has no exchange of its own.
  await page.locator('.watchlist tbody tr', { hasText: 'BTC-USD' }).click()
  await shows('12:00:00', /UTC$/)
  await page.locator('.watchlist tbody tr', { hasText: 'AAPL' }).click()
  await zone.selectOption('UTC')
  await shows('12:00:00', /UTC$/)
})

test('a day on the axis begins at midnight of the zone that is shown', { skip }, async (t) => {
  const service = await createHttpService(t)
  // From 13:00 to 22:00 in UTC, which has no midnight; midnight in Tokyo is 15:00.
  const hours = Array.from({ length: 10 }, (_, at) => new Date(Date.UTC(2026, 0, 15, 13 + at)).toISOString())
  await service.store(...hours.map((time, at) => ({ symbol: '7203.T', time, price: String(3_000 + at) })))
  const page = await openPage(t, { timezoneId: 'UTC', locale: 'en-GB' })
  await page.addInitScript(`globalThis.texts = []
    localStorage.setItem('time-zone', 'exchange')
    const { fillText } = CanvasRenderingContext2D.prototype
    CanvasRenderingContext2D.prototype.fillText = function (text, ...where) {
      texts.push(text)
      return fillText.call(this, text, ...where)
    }`)
  await page.goto(`${await service.listen()}/?symbol=7203.T&provider=scripted&range=all`)
  await page.locator('.chart[data-state=drawn]').waitFor()
  await page.locator('.key[data-line=average]', { hasText: /\d/ }).waitFor()
  const days = (await page.evaluate<string[]>('[...new Set(texts)]')).filter((text) => /Jan|2026/.test(text))
  assert.deepEqual(days, ['16 Jan'])
  assert.ok((await page.evaluate<string[]>('texts')).some((text) => /^\d\d:00$/.test(text)))
})
