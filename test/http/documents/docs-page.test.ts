import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import { openPage, skip } from '../../dashboard/browser.ts'
import { serveSimulated } from '../../dashboard/simulated-service.ts'
import type { Json } from '../../support/http-service.ts'

const PHONE = { width: 390, height: 844 }
const MAX_BYTES = 400_000

test('the first click on each call in /docs gives 2xx, with what a fresh service has', { skip }, async (t) => {
  const { page, calls } = await openDocs(t)
  const done: string[] = []
  for (const { operationId, method, isStream } of calls.toSorted(byRisk)) {
    const call = await openCall(page, operationId)
    if (isStream) continue
    await call.locator('button.send').click()
    const examplesRead = method === 'GET' ? undefined : untilExamplesAreRead(page)
    if (method !== 'GET') await call.locator('button.confirm').click()
    const answer = call.locator('.answer')
    await answer.waitFor()
    const status = Number(await answer.getAttribute('data-status'))
    assert.ok(status >= 200 && status < 300, `${operationId}: ${status} ${await answer.textContent()}`)
    await examplesRead
    done.push(operationId)
  }
  assert.equal(done.length, calls.length - 1)
})

test(
  'a call that changes something is not sent by one click, and the stream is explained with a curl line',
  { skip },
  async (t) => {
    const { page, calls } = await openDocs(t)
    const changing: string[] = []
    page.on('request', (request) => request.method() === 'GET' || changing.push(request.method()))
    for (const { operationId, method } of calls) {
      if (method === 'GET') continue
      const call = await openCall(page, operationId)
      const fields = call.locator('input[required]')
      for (const field of await fields.all()) if ((await field.inputValue()) === '') await field.fill('x')
      await call.locator('button.send').click()
      await call.getByRole('button', { name: 'Cancel' }).click()
    }
    assert.deepEqual(changing, [])
    const stream = await openCall(page, 'streamPrices')
    assert.equal(await stream.locator('form').count(), 0)
    assert.match(
      (await stream.locator('pre.curl').textContent()) ?? '',
      /^curl -N 'http:.*\/prices\/stream\?symbols=AAPL&provider=simulated'$/,
    )
  },
)

test(
  'optional fields are empty: only symbol, provider and q are filled in, and they agree with each other',
  { skip },
  async (t) => {
    const { page, calls } = await openDocs(t)
    for (const { operationId, isStream } of calls) {
      if (isStream) continue
      const call = await openCall(page, operationId)
      for (const field of await call.locator('input:not([required]), select').all()) {
        const [name, value] = [await field.getAttribute('name'), await field.inputValue()]
        const expected = { symbol: 'AAPL', provider: 'simulated', q: 'AAPL' }[name ?? ''] ?? ''
        assert.equal(value, expected, `${operationId}: ${name}`)
      }
    }
  },
)

test('/docs has our name and a link back, and weighs at most 400 kB over the wire', { skip }, async (t) => {
  const address = await serveSimulated(t)
  const page = await openPage(t)
  const client = await page.context().newCDPSession(page)
  await client.send('Network.enable')
  let bytes = 0
  client.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength))
  await page.goto(`${address}/docs`, { waitUntil: 'networkidle' })
  assert.ok(bytes > 5_000 && bytes < MAX_BYTES, `${bytes} bytes`)
  t.diagnostic(`${bytes} bytes over the wire`)
  assert.equal(await page.title(), 'API · Market data')
  assert.match((await page.getByRole('heading', { level: 1 }).textContent()) ?? '', /^Market data API/)
  await page.getByRole('link', { name: 'Dashboard' }).click()
  assert.equal(new URL(page.url()).pathname, '/')
})

test('on a phone of 390 px, and of 320 px, everything opened fits without sideways scrolling', { skip }, async (t) => {
  const { page, calls } = await openDocs(t, PHONE)
  for (const { operationId, method, isStream } of calls) {
    const call = await openCall(page, operationId)
    if (method === 'GET' && !isStream) {
      await call.locator('button.send').click()
      await call.locator('.answer').waitFor()
    }
  }
  for (const details of await page.locator('details.responses > summary').all()) await details.click()
  for (const width of [PHONE.width, 320]) {
    await page.setViewportSize({ ...PHONE, width })
    const scrolled = await page.evaluate('document.documentElement.scrollWidth')
    assert.equal(scrolled, width)
  }
})

test('/docs reports no violation of its content security policy', { skip }, async (t) => {
  const violations: string[] = []
  const { page } = await openDocs(t, undefined, (text) => violations.push(text))
  await openCall(page, 'getLatestPrice')
  assert.deepEqual(violations, [])
})

type DocsCall = { readonly operationId: string; readonly method: string; readonly isStream: boolean }

async function openDocs(
  t: TestContext,
  viewport = { width: 1280, height: 900 },
  onError: (text: string) => unknown = () => undefined,
) {
  const address = await serveSimulated(t)
  const document = (await (await fetch(`${address}/openapi.json`)).json()) as Json
  const calls: DocsCall[] = Object.values<Json>(document.paths).flatMap((methods) =>
    Object.entries<Json>(methods).map(([method, { operationId, responses }]) => ({
      operationId,
      method: method.toUpperCase(),
      isStream: 'text/event-stream' in (responses['200']?.content ?? {}),
    })),
  )
  const page = await openPage(t, { viewport })
  page.on('console', (message) => message.type() === 'error' && onError(message.text()))
  await page.goto(`${address}/docs`)
  await page.locator('details.call').first().waitFor()
  return { page, calls }
}

async function openCall(page: Page, operationId: string): Promise<Locator> {
  const call = page.locator(`#${operationId}`)
  await call.locator('summary').first().click()
  await call.locator('.responses').waitFor()
  return call
}

/** After a change the page reads its examples again; the id of a price comes last. */
async function untilExamplesAreRead(page: Page): Promise<void> {
  const response = await page.waitForResponse((one) => new URL(one.url()).pathname === '/prices/history')
  await response.finished()
}

/** Deleting comes last, and what concerns keys after all others: the first key closes the service. */
const ORDER = ['createPollingJob', 'deletePollingJob', 'createKey', 'signIn', 'signOut', 'revokeKey']

function byRisk(a: DocsCall, b: DocsCall): number {
  return ORDER.indexOf(a.operationId) - ORDER.indexOf(b.operationId)
}
