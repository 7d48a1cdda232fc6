import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHttpService } from '../../support/http-service.ts'

const NOTEBOOK = 'https://notebook.example'
const EVIL = 'https://evil.example'
const allowing = { server: { corsOrigins: [NOTEBOOK, 'http://localhost:3000'] } }

test('pages of exactly the origins of CORS_ORIGINS may read, and caches keep their answers apart', async (t) => {
  const { ask, store } = await createHttpService(t, allowing)
  await store({})
  const read = (origin: string) => ask('/prices/history?symbol=AAPL', { headers: { origin } })
  for (const origin of allowing.server.corsOrigins) {
    const { headers, status } = await read(origin)
    assert.deepEqual([status, headers['access-control-allow-origin']], [200, origin])
    assert.match(String(headers['vary']), /origin/)
    assert.equal(headers['access-control-allow-credentials'], undefined)
  }
  for (const origin of [
    EVIL,
    'null',
    '*',
    'https://notebook.example:444',
    'http://notebook.example',
    `${NOTEBOOK}.evil`,
  ]) {
    const { headers } = await read(origin)
    assert.equal(headers['access-control-allow-origin'], undefined, origin)
    assert.match(String(headers['vary']), /origin/)
  }
  assert.equal((await ask('/livez')).headers['access-control-allow-origin'], undefined)
})

test('a page of an allowed origin can ask whether a page of history has changed', async (t) => {
  const { ask } = await createHttpService(t, allowing)
  const preflight = { 'access-control-request-method': 'GET', 'access-control-request-headers': 'if-none-match' }
  const path = '/prices/history?symbol=AAPL'
  const allowed = await ask(path, { method: 'OPTIONS', headers: { origin: NOTEBOOK, ...preflight } })
  assert.match(String(allowed.headers['access-control-allow-headers']), /\bif-none-match\b/)
  const { headers } = await ask(path, { headers: { origin: NOTEBOOK } })
  assert.match(String(headers['access-control-expose-headers']), /\betag\b/)
  const again = await ask(path, { headers: { origin: NOTEBOOK, 'if-none-match': String(headers['etag']) } })
  assert.deepEqual([again.status, again.headers['access-control-allow-origin']], [304, NOTEBOOK])
})

test('without CORS_ORIGINS no page of another site may read', async (t) => {
  const { ask } = await createHttpService(t)
  const { headers } = await ask('/livez', { headers: { origin: NOTEBOOK } })
  assert.equal(headers['access-control-allow-origin'], undefined)
})

test('a preflight of an allowed origin needs no key and allows reading only; a key is still needed to read', async (t) => {
  const { ask, issueKey } = await createHttpService(t, allowing)
  const { key } = await issueKey('read')
  const preflight = { 'access-control-request-method': 'GET', 'access-control-request-headers': 'x-api-key' }
  const path = '/prices/history?symbol=AAPL'
  const allowed = await ask(path, { method: 'OPTIONS', headers: { origin: NOTEBOOK, ...preflight } })
  assert.equal(allowed.status, 204)
  assert.equal(allowed.headers['access-control-allow-origin'], NOTEBOOK)
  assert.equal(allowed.headers['access-control-allow-methods'], 'GET, HEAD')
  assert.match(String(allowed.headers['access-control-allow-headers']), /authorization, x-api-key/)
  const refused = await ask(path, { method: 'OPTIONS', headers: { origin: EVIL, ...preflight } })
  assert.deepEqual([refused.status, refused.headers['access-control-allow-origin']], [401, undefined])
  const closed = await ask(path, { headers: { origin: NOTEBOOK } })
  // The page can read why.
  assert.deepEqual([closed.status, closed.headers['access-control-allow-origin']], [401, NOTEBOOK])
  assert.equal((await ask(path, { headers: { origin: NOTEBOOK, 'x-api-key': key } })).status, 200)
})

test('a page of an allowed origin cannot change anything', async (t) => {
  const { ask } = await createHttpService(t, allowing)
  const body = { symbol: 'AAPL', interval_seconds: 60 }
  const headers = { origin: NOTEBOOK, 'sec-fetch-site': 'cross-site' }
  assert.equal((await ask('/prices/poll', { method: 'POST', headers, body })).status, 403)
})

test('pages of other sites cannot make the service request a provider, whatever they ask for', async (t) => {
  const { ask, source, store } = await createHttpService(t, allowing)
  await store({ symbol: 'AAPL', price: '1', receivedAt: '2025-01-01T00:00:00Z' })
  const foreign: Record<string, string>[] = [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' },
    { 'sec-fetch-site': 'cross-site', origin: EVIL },
    { origin: 'null' },
  ]
  for (const headers of foreign) {
    const stored = await ask('/prices/latest?symbol=AAPL&max_age=0', { headers })
    assert.deepEqual([stored.status, stored.json().price], [200, 1], JSON.stringify(headers))
    const none = await ask('/prices/latest?symbol=MSFT', { headers })
    assert.deepEqual([none.status, none.json().code], [404, 'no_price'])
    assert.match(none.json().detail, /^No price of MSFT from scripted is stored, .*CORS_ORIGINS/)
    const inPounds = await ask('/prices/latest?symbol=AAPL&currency=GBP', { headers })
    assert.match(inPounds.json().detail, /^No price of AAPL in GBP from scripted is stored/)
    const list = (await ask('/prices/latest?symbols=AAPL,MSFT&max_age=0', { headers })).json().data
    assert.deepEqual([list[0].price, list[1].error.code], [1, 'no_price'])
    const found = await ask('/symbols?q=nvidia', { headers })
    assert.deepEqual([found.status, found.json().data], [200, []])
  }
  assert.equal(source.asked.length, 0)
  const own: Record<string, string>[] = [{}, { 'sec-fetch-site': 'same-origin' }, { origin: NOTEBOOK }]
  for (const headers of own) {
    assert.equal((await ask('/prices/latest?symbol=AAPL&max_age=0', { headers })).json().price, 100)
  }
})
