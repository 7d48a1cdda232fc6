import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { LatestRequest } from '../../../src/core/ingest/read-through.ts'
import type { StoredPrice } from '../../../src/core/prices/quote.ts'
import { createKeySecret } from '../../../src/core/access/secret.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import type { Decimal } from '../../../src/lib/decimal.ts'
import { instantFromMillis } from '../../../src/lib/instant.ts'
import { createHttpService, type Answer, type Changes } from '../../support/http-service.ts'

// A price in memory is answered without a promise. Whatever guards the other questions guards this one.

const NOW = Date.parse('2025-06-15T20:30:00Z')
const at = instantFromMillis(NOW - 5_000)
const PRICE: StoredPrice = {
  symbol: 'AAPL',
  provider: 'scripted',
  providerSymbol: 'AAPL',
  currency: 'USD',
  price: '196.4500' as Decimal,
  eventTime: at,
  marketState: 'open',
  delaySeconds: 0,
  previousClose: null,
  extended: null,
  priceId: '17',
  seriesId: '1',
  revision: 1,
  correction: false,
  receivedAt: at,
  recordedAt: at,
  confirmedAt: at,
  rawResponseId: '7',
}
const PATH = '/prices/latest?symbol=AAPL'
const clock = { ...systemClock, now: () => NOW, monotonic: () => NOW }

/** A service whose price is in memory, or is not. `found` are the requests that were not answered from memory. */
async function createService(t: TestContext, isHot: boolean, changes: Changes = {}) {
  const found: LatestRequest[] = []
  const latest = {
    peek: () => (isHot ? PRICE : undefined),
    find: async (request: LatestRequest) => {
      found.push(request)
      return [{ symbol: 'AAPL', price: PRICE }]
    },
  }
  const service = await createHttpService(t, { ...changes, prices: { latest, clock, ...changes.prices } })
  const asks: Answer[] = []
  const ask: typeof service.ask = async (path, options) => {
    const answer = await service.ask(path, options)
    asks.push(answer)
    return answer
  }
  return { ...service, ask, found, asks }
}

/** Everything of an answer but what differs from request to request. */
function comparable({ status, headers, text }: Answer): unknown {
  const { date: _, 'x-request-id': id, ...rest } = headers
  return { status, rest, text: text.replaceAll(String(id), 'id') }
}

/** Runs the same requests against a service with the price in memory and one without: the answers must be the same. */
async function onBothPaths(
  t: TestContext,
  changes: () => Changes,
  run: (service: Awaited<ReturnType<typeof createService>>) => Promise<void>,
) {
  const [hot, cold] = [await createService(t, true, changes()), await createService(t, false, changes())]
  for (const service of [hot, cold]) await run(service)
  assert.deepEqual(hot.asks.map(comparable), cold.asks.map(comparable))
  return { hot, cold }
}

test('a price in memory has the same headers and body as one that was read, and is answered to HEAD and to lists', async (t) => {
  const allowed = 'https://notebook.example'
  const { hot, cold } = await onBothPaths(
    t,
    () => ({ server: { corsOrigins: [allowed] } }),
    async ({ ask }) => {
      const plain = await ask(PATH, { headers: { 'x-request-id': 'mine' } })
      assert.equal(plain.status, 200)
      assert.match(plain.text, /"price":196\.4500,.*"age_ms":5000,/)
      for (const [name, value] of Object.entries({
        'content-type': 'application/json; charset=utf-8',
        'content-length': String(Buffer.byteLength(plain.text)),
        'content-security-policy': "default-src 'none';frame-ancestors 'none'",
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-request-id': 'mine',
        vary: 'origin',
      })) {
        assert.equal(plain.headers[name], value, name)
      }
      const cors = await ask(PATH, { headers: { origin: allowed } })
      assert.equal(cors.headers['access-control-allow-origin'], allowed)
      const head = await ask(PATH, { method: 'HEAD' })
      assert.deepEqual([head.status, head.text], [200, ''])
      const list = (await ask('/prices/latest?symbols=AAPL')).json()
      assert.deepEqual(
        list.data.map((one: { price_id: string }) => one.price_id),
        ['17'],
      )
      for (const wrong of ['&colour=red', '&max_age=-1', '&symbols=MSFT', '&provider=none']) {
        assert.ok((await ask(PATH + wrong)).status >= 400, wrong)
      }
    },
  )
  assert.deepEqual([hot.found.length, cold.found.length], [1, 4], 'only the list was not answered from memory')
})

test('a price in memory is behind the guard of host names and of other sites, and pages of other sites get stored prices only', async (t) => {
  const { hot } = await onBothPaths(
    t,
    () => ({}),
    async ({ ask }) => {
      const foreign = await ask(PATH, { headers: { host: 'evil.example' } })
      assert.deepEqual([foreign.status, foreign.json().code], [403, 'forbidden'])
      const write = await ask(PATH, { method: 'POST', headers: { 'sec-fetch-site': 'cross-site' } })
      assert.deepEqual([write.status, write.json().code], [403, 'forbidden'])
      assert.equal((await ask(PATH, { headers: { 'sec-fetch-site': 'cross-site' } })).status, 200)
    },
  )
  assert.deepEqual(
    hot.found.map(({ storedOnly }) => storedOnly),
    ['foreign_page'],
  )
})

test('a price in memory needs a key once there is one, a valid one, and counts against its quota', async (t) => {
  const { hot } = await onBothPaths(
    t,
    () => ({ guard: { rateLimit: 3, clock } }),
    async ({ ask, issueKey, app }) => {
      const use = (key: string) => ask(PATH, { headers: { authorization: `Bearer ${key}` } })
      const { key } = await issueKey('read')
      assert.equal((await ask(PATH)).status, 401)
      assert.equal((await use(createKeySecret().text)).status, 401)
      assert.equal((await use(`${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`)).status, 401)
      const first = await use(key)
      assert.deepEqual(
        ['cache-control', 'ratelimit-policy', 'ratelimit'].map((name) => first.headers[name]),
        ['no-store', '"key";q=3;w=60', '"key";r=2;t=60'],
      )
      assert.deepEqual([(await use(key)).status, (await use(key)).status], [200, 200])
      const refused = await use(key)
      assert.deepEqual([refused.status, refused.headers['retry-after']], [429, '60'])
      const { key: admin } = await issueKey('admin')
      const other = await issueKey('read')
      assert.equal((await use(other.key)).status, 200)
      const headers = { host: 'localhost', 'x-api-key': admin }
      await app.inject({ method: 'DELETE', url: `/keys/${other.keyId}`, headers })
      assert.equal((await use(other.key)).status, 401, 'revoked')
    },
  )
  assert.equal(hot.found.length, 0)
})

test('a price in memory is refused while too many requests are in progress, and the request ends as any other', async (t) => {
  const gates: PromiseWithResolvers<void>[] = []
  const changes = () => {
    const gate = Promise.withResolvers<void>()
    gates.push(gate)
    return { server: { requestLimit: 1 }, prices: { readHistory: () => gate.promise.then(() => []) } }
  }
  await onBothPaths(t, changes, async ({ ask, app }) => {
    const slow = ask('/prices/history?symbol=AAPL')
    const refused = await ask(PATH)
    assert.deepEqual([refused.status, refused.headers['retry-after']], [503, '2'])
    for (const gate of gates) gate.resolve()
    await slow
    for (let n = 0; n < 3; n++) assert.equal((await ask(PATH)).status, 200)
    const { body } = await app.inject({ url: '/metrics', headers: { host: 'localhost' } })
    for (const [status, count] of [
      [200, 3],
      [503, 1],
    ] as const) {
      const series = `http_request_seconds_count{method="GET",route="/prices/latest",status="${status}"} ${count}\n`
      assert.ok(body.includes(series), `${count} answers with ${status}`)
    }
  })
})
