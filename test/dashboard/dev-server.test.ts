import assert from 'node:assert/strict'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { createServer } from 'vite'
import { createHttpService } from '../support/http-service.ts'
import { openPage, skip } from './browser.ts'

const configFile = join(import.meta.dirname, '../../dashboard/vite.config.ts')

test('the development server passes everything that is not a file of the page to the service', async (t) => {
  const service = await createHttpService(t)
  const { key } = await service.issueKey('write')
  await service.store({ symbol: 'AAPL', price: '1.5' })
  const address = await startDevServer(t, await service.listen())

  const refused = await fetch(`${address}/session`)
  assert.deepEqual([refused.status, refused.headers.get('content-type')], [401, PROBLEM])
  const signedIn = await fetch(`${address}/session`, { method: 'POST', headers: { authorization: `Bearer ${key}` } })
  assert.equal(signedIn.status, 201)
  const headers = { cookie: String(signedIn.headers.get('set-cookie')).replace(/;.*/, '') }
  assert.equal((await fetch(`${address}/session`, { headers })).status, 200)
  assert.equal((await fetch(`${address}/keys`, { headers })).status, 403)
  assert.equal((await fetch(`${address}/a-route-of-tomorrow`, { headers })).headers.get('content-type'), PROBLEM)

  const stream = await fetch(`${address}/prices/stream`, { headers, signal: t.signal })
  assert.equal(stream.headers.get('content-type'), 'text/event-stream')
  await service.store({ symbol: 'AAPL', price: '2.5' })
  assert.match(await firstEventOf(stream), /event: price\ndata: .*"price":2\.5/)

  assert.equal((await fetch(`${address}/session`, { method: 'DELETE', headers })).status, 204)
  assert.equal((await fetch(`${address}/session`, { headers })).status, 401)
})

test('the development server serves the files of the page itself', async (t) => {
  const service = await createHttpService(t)
  const address = await startDevServer(t, await service.listen())
  for (const [path, text] of [
    ['/', '/@vite/client'],
    ['/?symbol=AAPL&provider=simulated', '/@vite/client'],
    ['/main.tsx', 'import'],
    ['/icon.svg', '<svg'],
    ['/@vite/client', 'import'],
  ] as const) {
    const answer = await fetch(address + path)
    assert.ok((await answer.text()).includes(text), path)
  }
})

test('a person signs in, sees prices and signs out on the development server', { skip }, async (t) => {
  const service = await createHttpService(t)
  const { key } = await service.issueKey('write')
  await service.store({ symbol: 'AAPL', price: '1.5' })
  const page = await openPage(t)
  await page.goto(await startDevServer(t, await service.listen()))
  await page.getByLabel('API key').fill(key)
  await page.keyboard.press('Enter')
  await page.locator('.connection', { hasText: 'Live' }).waitFor()
  await service.store({ symbol: 'AAPL', price: '2.5' })
  await page.locator('.watchlist .price', { hasText: '2.5' }).waitFor()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByLabel('API key').waitFor()
})

const PROBLEM = 'application/problem+json; charset=utf-8'

/** What `npm run dev` starts beside the service, on a free port and with a cache of its own. */
async function startDevServer(t: TestContext, serviceUrl: string): Promise<string> {
  process.env['SERVICE_URL'] = serviceUrl
  const server = await createServer({ configFile, logLevel: 'silent', server: { host: '127.0.0.1', port: 0 } })
  t.after(() => server.close())
  await server.listen()
  return String(server.resolvedUrls?.local[0]).replace(/\/$/, '')
}

async function firstEventOf({ body }: Response): Promise<string> {
  let text = ''
  for await (const chunk of body ?? []) {
    text += Buffer.from(chunk).toString()
    if (text.includes('\n\n') && text.includes('event: price')) return text
  }
  return text
}
