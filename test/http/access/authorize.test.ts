import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../../src/lib/clock.ts'
import { createKeySecret } from '../../../src/core/access/secret.ts'
import { createReadCredentials } from '../../../src/postgres/access/api-keys.ts'
import { toStorageError } from '../../../src/postgres/connection/errors.ts'
import { openStream, openStreamWith } from '../../support/price-stream.ts'
import { createHttpService, type HttpService } from '../../support/http-service.ts'
import { until } from '../../support/until.ts'

type Route = { readonly method: string; readonly path: string }

/** Open to every caller, whatever keys exist. */
const OPEN = new Set(['GET /', 'HEAD /', 'GET /livez', 'HEAD /livez', 'GET /readyz', 'HEAD /readyz'])

const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

/** Every route of the server, including those that answer 405, as a path that can be requested. */
async function routesOf(service: HttpService): Promise<readonly Route[]> {
  const tree = service.app.printRoutes({ commonPrefix: false })
  const routes: Route[] = []
  const parts: string[] = []
  for (const line of tree.split('\n')) {
    const [, indent = '', part = '', methods] = /^([│ ]*)[├└]── ([^(]*?)(?: \(([A-Z, ]+)\))?$/.exec(line) ?? []
    if (part === '') continue
    parts.splice(indent.length / 4, Infinity, part)
    const path = parts.join('').replaceAll(/:\w+/g, 'x').replace('*', 'x') || '/'
    for (const method of methods?.split(', ') ?? []) routes.push({ method, path })
  }
  return routes
}

test('once a key has been created, every route except the open ones is 401 without one, even after the last was revoked', async (t) => {
  const service = await createHttpService(t)
  const routes = await routesOf(service)
  assert.ok(routes.length > 150, `${routes.length} routes`)
  const { key, keyId } = await service.issueKey('admin')
  assert.equal((await service.ask('/keys', { headers: bearer(key) })).status, 200)
  const refused = async () => {
    for (const { method, path } of [...routes, { method: 'GET', path: '/nowhere' }]) {
      const isOpen = OPEN.has(`${method} ${path}`) || (/GET|HEAD/.test(method) && path.startsWith('/assets/'))
      const { status } = await service.ask(path, { method })
      if (isOpen) assert.equal(status, 200, `${method} ${path}`)
      else assert.equal(status, 401, `${method} ${path}`)
    }
  }
  await refused()
  assert.equal((await service.ask(`/keys/${keyId}`, { method: 'DELETE', headers: bearer(key) })).status, 200)
  await refused()
  assert.equal((await service.ask('/keys', { headers: bearer(key) })).status, 401)
})

test('a process that has seen a key still requires one if the table is emptied, and a reachable one always requires one', async (t) => {
  const service = await createHttpService(t)
  const { key } = await service.issueKey('read')
  assert.equal((await service.ask('/providers', { headers: bearer(key) })).status, 200)
  await service.pool.query('truncate api_keys cascade')
  await service.listen()
  await until(async () => (await service.ask('/providers', { headers: bearer(key) })).status === 401, 'the key is gone')
  assert.equal((await service.ask('/providers')).status, 401)
  const reachable = await createHttpService(t, { guard: { isPrivate: false } })
  assert.equal((await reachable.ask('/providers')).status, 401)
  const open = await createHttpService(t, { guard: { isPrivate: false, isAuthOff: true } })
  assert.equal((await open.ask('/providers')).status, 200)
})

const READ = ['read', 'write', 'admin']
const WRITE = ['write', 'admin']

/** The scopes that each documented operation admits; an operation that is missing here fails the test. */
const ADMITTED: Readonly<Record<string, readonly string[]>> = {
  getLatestPrice: READ,
  listPrices: READ,
  createPollingJob: WRITE,
  listPollingJobs: READ,
  getPollingJob: READ,
  changePollingJob: WRITE,
  deletePollingJob: WRITE,
  runPollingJob: WRITE,
  listRuns: READ,
  getLineage: READ,
  getRawResponse: READ,
  getRawBody: READ,
  listMovingAverages: READ,
  getLatestMovingAverage: READ,
  streamPrices: READ,
  listProviders: READ,
  findSymbols: READ,
  getVersion: READ,
  getHealth: READ,
  getMetrics: READ,
  createKey: ['admin'],
  listKeys: ['admin'],
  revokeKey: ['admin'],
  getSession: READ,
  signIn: READ,
  signOut: READ,
}
const NEEDS_NONE = new Set(['getPage', 'getLiveness', 'getReadiness'])

test('each operation admits exactly the scopes that it requires', async (t) => {
  const service = await createHttpService(t)
  const document = (await service.ask('/openapi.json')).json()
  const keys = await Promise.all((['read', 'write', 'admin'] as const).map((scope) => service.issueKey(scope)))
  for (const [pattern, methods] of Object.entries<Record<string, { operationId: string }>>(document.paths)) {
    for (const [method, { operationId }] of Object.entries(methods)) {
      if (NEEDS_NONE.has(operationId) || operationId === 'streamPrices') continue
      for (const { key, scopes } of keys) {
        const path = pattern.replaceAll(/\{\w+\}/g, 'x')
        const { status } = await service.ask(path, { method: method.toUpperCase(), headers: bearer(key) })
        const isIn = ADMITTED[operationId]?.includes(scopes[0] ?? '')
        assert.equal(status !== 403 && status !== 401, isIn, `${operationId} ${scopes.join()} ${status}`)
      }
    }
  }
})

test('documents, assets and unknown paths require a key with the scope read', async (t) => {
  const service = await createHttpService(t)
  const { key } = await service.issueKey('read')
  for (const [path, status] of [
    ['/docs', 200],
    ['/openapi.json', 200],
    ['/asyncapi.yaml', 200],
    ['/nowhere', 404],
  ] as const) {
    assert.equal((await service.ask(path, { headers: bearer(key) })).status, status, path)
  }
})

test('a key is accepted in both headers and nowhere else', async (t) => {
  const service = await createHttpService(t)
  const { key } = await service.issueKey('read')
  const ask = (headers: Record<string, string>, query = '') => service.ask(`/providers${query}`, { headers })
  for (const headers of [bearer(key), { authorization: `bearer ${key}` }, { 'x-api-key': key }]) {
    assert.equal((await ask(headers)).status, 200)
  }
  for (const name of ['api_key', 'key', 'token', 'access_token', 'x-api-key']) {
    assert.equal((await ask({}, `?${name}=${key}`)).status, 401, name)
  }
  for (const headers of [
    { authorization: key },
    { authorization: `Basic ${key}` },
    { cookie: `market_data_session=${key}` },
    { cookie: `x-api-key=${key}` },
  ]) {
    assert.equal((await ask(headers)).status, 401, JSON.stringify(headers))
  }
})

test('responses to requests with a key are not stored by caches', async (t) => {
  const service = await createHttpService(t)
  const { key } = await service.issueKey('read')
  for (const path of ['/providers', '/prices/history?symbol=AAPL', '/nowhere', '/metrics']) {
    assert.equal((await service.ask(path, { headers: bearer(key) })).headers['cache-control'], 'no-store', path)
  }
  assert.equal((await service.ask('/', { headers: bearer(key) })).headers['cache-control'], 'no-cache')
})

test('a wrong key is always 401, whether unknown or mistyped, even if no key is needed', async (t) => {
  const service = await createHttpService(t)
  const stranger = createKeySecret().text
  const wrong = [stranger, 'mds_live_', 'x', `${stranger}x`, stranger.slice(0, -1)]
  for (const key of wrong) {
    const answer = await service.ask('/providers', { headers: bearer(key) })
    assert.equal(answer.status, 401, key)
    assert.equal(answer.json().code, 'unauthenticated')
    assert.match(String(answer.headers['www-authenticate']), /^Bearer/)
    assert.ok(!answer.text.includes(stranger))
  }
  assert.equal((await service.ask('/providers')).status, 200)
  const { key } = await service.issueKey('read')
  // The same key with a different ending: its id is known, but the digest differs.
  const { digest: _, ...known } = createKeySecret()
  assert.equal(
    (await service.ask('/providers', { headers: bearer(key.slice(0, 17) + known.text.slice(17)) })).status,
    401,
  )
  assert.equal((await service.ask('/providers', { headers: bearer(key) })).status, 200)
})

test('a key stops working when it expires', async (t) => {
  const service = await createHttpService(t)
  const { key } = await service.issueKey('read')
  assert.equal((await service.ask('/providers', { headers: bearer(key) })).status, 200)
  await service.pool.query(`update api_keys set expires_at = now() - interval '1 second'`)
  await service.listen()
  await until(async () => (await service.ask('/providers', { headers: bearer(key) })).status === 401, 'its end')
})

test('revoking a key ends its open streams, and creating the first key ends those of readers without one', async (t) => {
  const service = await createHttpService(t)
  const url = `${await service.listen()}/prices/stream`
  const anonymous = await openStream(t, url)
  assert.equal(anonymous.response.statusCode, 200)
  const [reader, other, admin] = await Promise.all([
    service.issueKey('read'),
    service.issueKey('read'),
    service.issueKey('admin'),
  ])
  await until(() => anonymous.response.destroyed, 'the reader without a key is gone')
  const [ending, lasting] = await Promise.all([reader, other].map(({ key }) => openStreamWith(t, url, bearer(key))))
  await service.ask(`/keys/${reader.keyId}`, { method: 'DELETE', headers: bearer(admin.key) })
  await until(() => ending?.response.destroyed, 'the stream of the revoked key is gone')
  await service.store({ price: '7' })
  await lasting?.until(1)
})

test('with AUTH=off no key is needed, except to manage keys', async (t) => {
  const service = await createHttpService(t, { guard: { isAuthOff: true } })
  await service.issueKey('read')
  const job = { symbol: 'AAPL', interval_seconds: 60 }
  assert.equal((await service.ask('/providers')).status, 200)
  assert.equal((await service.ask('/prices/poll', { method: 'POST', body: job })).status, 202)
  assert.equal((await service.ask('/keys')).status, 403)
  assert.equal((await service.ask('/keys', { method: 'POST', body: { scopes: ['admin'] } })).status, 403)
  const { key } = await service.issueKey('admin')
  assert.equal((await service.ask('/keys', { headers: bearer(key) })).status, 200)
})

test('while keys cannot be read, requests that need one get 503 once the last read is too old; the page is still served', async (t) => {
  let [isAway, now] = [false, 0]
  const service = await createHttpService(t)
  const { key } = await service.issueKey('read')
  const read = createReadCredentials(service.pool)
  const other = await createHttpService(t, {
    guard: {
      clock: { ...systemClock, now: () => now, monotonic: () => now },
      readCredentials: () => (isAway ? Promise.reject(toStorageError(new Error('Connection terminated'))) : read()),
    },
  })
  assert.equal((await other.ask('/providers', { headers: bearer(key) })).status, 200)
  isAway = true
  now = 4_000
  assert.equal((await other.ask('/providers', { headers: bearer(key) })).status, 200)
  now = 6_000
  assert.equal((await other.ask('/providers', { headers: bearer(key) })).status, 503)
  assert.equal((await other.ask('/providers')).status, 503)
  for (const headers of [bearer(key), {}]) assert.equal((await other.ask('/', { headers })).status, 200)
  assert.equal((await other.ask('/livez')).status, 200)
  isAway = false
  assert.equal((await other.ask('/providers', { headers: bearer(key) })).status, 200)
})
