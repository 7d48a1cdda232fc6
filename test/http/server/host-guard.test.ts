import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHttpService } from '../../support/http-service.ts'

test('only requests to its own host names are served, so that a rebound name reads nothing', async (t) => {
  const { ask } = await createHttpService(t)
  const known = [
    'localhost',
    'LOCALHOST:8000',
    '127.0.0.1:9',
    '[::1]:8000',
    '192.168.1.4',
    'prices.example',
    'Prices.Example:80',
  ]
  const foreign = [
    'evil.example',
    'localhost.evil.example',
    'evil.example:8000',
    '127.0.0.1.nip.io',
    'prices.example.evil',
  ]
  for (const host of known) assert.equal((await ask('/livez', { headers: { host } })).status, 200, host)
  for (const host of foreign) {
    for (const path of ['/livez', '/nowhere', '/docs', '/openapi.json']) {
      const answer = await ask(path, { headers: { host } })
      assert.equal(answer.status, 403, host + path)
      assert.equal(answer.json().code, 'forbidden')
    }
  }
})

test('a page of another site cannot change anything; its own page and programs can', async (t) => {
  const { ask } = await createHttpService(t)
  const post = (headers: Record<string, string>) =>
    ask('/prices/poll', { method: 'POST', headers, body: { symbol: 'AAPL', interval_seconds: 60 } })
  const own: Record<string, string>[] = [
    {},
    { origin: 'http://localhost:8000' },
    { origin: 'http://localhost:8000', 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'none' },
    { host: 'localhost', origin: 'http://localhost:80' },
    { host: 'prices.example', origin: 'https://prices.example' },
  ]
  const foreign: Record<string, string>[] = [
    { origin: 'https://evil.example' },
    { origin: 'http://localhost:3000' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'http://localhost:8000', 'sec-fetch-site': 'cross-site' },
    { origin: '' },
  ]
  for (const headers of own) assert.equal((await post(headers)).status, 202, JSON.stringify(headers))
  for (const headers of foreign) assert.equal((await post(headers)).status, 403, JSON.stringify(headers))
  assert.equal((await ask('/livez', { headers: { 'sec-fetch-site': 'cross-site' } })).status, 200)
})

test('a simple form post, which browsers send without a preflight, is never read', async (t) => {
  const { ask } = await createHttpService(t)
  const body = JSON.stringify({ symbol: 'AAPL', interval_seconds: 60 })
  const answer = await ask('/prices/poll', { method: 'POST', headers: { 'content-type': 'text/plain' }, body })
  assert.equal(answer.status, 415)
  assert.deepEqual((await ask('/prices/poll')).json().data, [])
})

test('every response, including errors, forbids sniffing its type, framing it and running its content', async (t) => {
  const { ask } = await createHttpService(t)
  for (const path of ['/livez', '/nowhere', '/prices/latest', '/openapi.json', '/']) {
    const { headers } = await ask(path)
    assert.equal(headers['x-content-type-options'], 'nosniff', path)
    assert.match(String(headers['content-security-policy']), /default-src 'none'.*frame-ancestors 'none'/, path)
    assert.equal(headers['access-control-allow-origin'], undefined)
  }
  const docs = await ask('/docs')
  assert.match(
    String(docs.headers['content-security-policy']),
    /default-src 'none'; script-src 'self'; style-src 'self';/,
  )
  assert.doesNotMatch(docs.text, /https?:\/\/(?!localhost)/)
})
