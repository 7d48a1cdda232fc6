import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAX_SESSIONS_OF_KEY } from '../../../src/core/access/key.ts'
import { openStreamWith } from '../../support/price-stream.ts'
import { createHttpService, type Answer, type HttpService } from '../../support/http-service.ts'
import { until } from '../../support/until.ts'

const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

function cookieOf({ headers }: Answer): { cookie: string } {
  return { cookie: String(headers['set-cookie']).split(';')[0] ?? '' }
}

async function signIn(service: HttpService) {
  const { key, keyId } = await service.issueKey('write')
  const answer = await service.ask('/session', { method: 'POST', headers: bearer(key) })
  assert.equal(answer.status, 201)
  return { key, keyId, answer, cookie: cookieOf(answer) }
}

test('a page signs in with a key and gets a cookie that no script and no other site can use', async (t) => {
  const service = await createHttpService(t)
  const { key, keyId, answer, cookie } = await signIn(service)
  assert.deepEqual(answer.json(), { key_id: keyId, scopes: ['write'] })
  const set = String(answer.headers['set-cookie'])
  assert.match(set, /^market_data_session=mds_page_\w{49}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/)
  assert.ok(!set.includes(key.slice(9)))
  assert.deepEqual((await service.ask('/session', { headers: cookie })).json(), { key_id: keyId, scopes: ['write'] })
  const job = { symbol: 'AAPL', interval_seconds: 60 }
  assert.equal((await service.ask('/prices/poll', { method: 'POST', headers: cookie, body: job })).status, 202)
  assert.equal((await service.ask('/keys', { headers: cookie })).status, 403)
  const foreign = { ...cookie, origin: 'https://evil.example' }
  assert.equal((await service.ask('/prices/poll', { method: 'POST', headers: foreign, body: job })).status, 403)
})

test('behind a trusted proxy with TLS the cookie is sent over TLS only', async (t) => {
  const service = await createHttpService(t, { server: { trustedProxies: ['127.0.0.1'] } })
  const { key } = await service.issueKey('read')
  const headers = { ...bearer(key), 'x-forwarded-proto': 'https' }
  const answer = await service.ask('/session', { method: 'POST', headers })
  assert.match(String(answer.headers['set-cookie']), /; Secure$/)
})

test("a session opens the page's stream, and ends with its key, on sign-out, or when it expires", async (t) => {
  const service = await createHttpService(t)
  const url = `${await service.listen()}/prices/stream`
  const ends: Record<string, (session: Awaited<ReturnType<typeof signIn>>) => Promise<unknown>> = {
    key: async ({ keyId }) => {
      const { key } = await service.issueKey('admin')
      return service.ask(`/keys/${keyId}`, { method: 'DELETE', headers: bearer(key) })
    },
    'signing out': ({ cookie }) => service.ask('/session', { method: 'DELETE', headers: cookie }),
    time: () => service.pool.query('update api_sessions set expires_at = now()'),
  }
  for (const [what, end] of Object.entries(ends)) {
    const session = await signIn(service)
    const stream = await openStreamWith(t, url, session.cookie)
    assert.equal(stream.response.statusCode, 200)
    await end(session)
    await until(() => stream.response.destroyed, `the stream is gone: ${what}`)
    const answer = await service.ask('/providers', { headers: session.cookie })
    assert.equal(answer.status, 401, what)
    assert.match(String(answer.headers['set-cookie']), /^market_data_session=; Max-Age=0/)
  }
})

test('a cookie cannot create a session, and does not work in a header', async (t) => {
  const service = await createHttpService(t)
  const { cookie } = await signIn(service)
  assert.equal((await service.ask('/session', { method: 'POST', headers: cookie })).status, 401)
  assert.equal((await service.ask('/session', { method: 'POST' })).status, 401)
  const text = cookie.cookie.split('=')[1] ?? ''
  assert.equal((await service.ask('/providers', { headers: bearer(text) })).status, 401)
})

test('while no key has been created, a cookie of another service on this machine is dropped and does no harm', async (t) => {
  const service = await createHttpService(t)
  const answer = await service.ask('/session', { headers: { cookie: 'a=b; market_data_session=mds_page_x' } })
  assert.deepEqual([answer.status, answer.json()], [200, { key_id: null, scopes: ['admin'] }])
  assert.match(String(answer.headers['set-cookie']), /Max-Age=0/)
})

test('the number of sessions per key is limited: the oldest ends, and sessions of other keys stay', async (t) => {
  const service = await createHttpService(t)
  const [first, other] = [await signIn(service), await signIn(service)]
  await service.pool.query(
    `insert into api_sessions (id, digest, key_id, expires_at)
     select 's' || n, '', $1, now() + interval '1 day' from generate_series(2, $2::int) n`,
    [first.keyId, MAX_SESSIONS_OF_KEY],
  )
  const next = await service.ask('/session', { method: 'POST', headers: bearer(first.key) })
  assert.equal(next.status, 201)
  const statusOf = async (cookie: { cookie: string }) => (await service.ask('/session', { headers: cookie })).status
  assert.deepEqual(await Promise.all([first.cookie, other.cookie, cookieOf(next)].map(statusOf)), [401, 200, 200])
})

test('only hashes are stored: neither keys nor session secrets are in the tables', async (t) => {
  const service = await createHttpService(t)
  const { key, cookie } = await signIn(service)
  const { rows } = await service.pool.query(
    'select k::text as one from api_keys k union all select s::text from api_sessions s',
  )
  assert.equal(rows.length, 2)
  const text = JSON.stringify(rows)
  for (const secret of [key, cookie.cookie.split('=')[1] ?? '']) assert.ok(!text.includes(secret.slice(20)))
})
