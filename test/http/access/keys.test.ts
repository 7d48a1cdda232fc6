import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAX_KEYS } from '../../../src/core/access/key.ts'
import { createHttpService } from '../../support/http-service.ts'

const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

test('a key is created, shown once, listed without its secret, and revoked', async (t) => {
  const service = await createHttpService(t)
  const body = { scopes: ['admin', 'admin'], name: 'mine', expires_at: '2099-01-01' }
  const made = await service.ask('/keys', { method: 'POST', body })
  assert.equal(made.status, 201)
  assert.equal(made.headers['cache-control'], 'no-store')
  const { key, ...shown } = made.json()
  assert.deepEqual(Object.keys(made.json()), ['id', 'key', 'name', 'scopes', 'created_at', 'expires_at'])
  assert.deepEqual([shown.name, shown.scopes, shown.expires_at], ['mine', ['admin'], '2099-01-01T00:00:00Z'])
  assert.equal(shown.id, key.slice(9, 17))
  const list = await service.ask('/keys', { headers: bearer(key) })
  assert.deepEqual(list.json().data, [{ ...shown, revoked_at: null }])
  assert.ok(!list.text.includes(key))
  const other = await service.ask('/keys', { method: 'POST', headers: bearer(key), body: { scopes: ['read'] } })
  const path = `/keys/${other.json().id}`
  const revoked = (await service.ask(path, { method: 'DELETE', headers: bearer(key) })).json()
  assert.notEqual(revoked.revoked_at, null)
  assert.equal((await service.ask('/providers', { headers: bearer(other.json().key) })).status, 401)
  const again = (await service.ask(path, { method: 'DELETE', headers: bearer(key) })).json()
  assert.equal(again.revoked_at, revoked.revoked_at)
  for (const id of ['nobodys', '%00']) {
    assert.equal((await service.ask(`/keys/${id}`, { method: 'DELETE', headers: bearer(key) })).status, 404)
  }
})

test('a key that has already expired is refused, and does not make keys required', async (t) => {
  const service = await createHttpService(t)
  const body = { scopes: ['admin'], expires_at: '2020-01-01' }
  const refused = await service.ask('/keys', { method: 'POST', body })
  assert.deepEqual([refused.status, refused.json().errors[0].pointer], [422, '/expires_at'])
  assert.equal((await service.ask('/providers')).status, 200)
})

test('keys are listed in pages, oldest first', async (t) => {
  const service = await createHttpService(t)
  const { key } = await service.issueKey('admin')
  for (let n = 0; n < 4; n++) await service.issueKey('read')
  const ids: string[] = []
  let path: string | null = '/keys?limit=2'
  while (path !== null) {
    const page = await service.ask(path, { headers: bearer(key) })
    ids.push(...page.json().data.map(({ id }: { id: string }) => id))
    path = page.json().next_url
  }
  const { rows } = await service.pool.query('select id from api_keys order by seq')
  assert.deepEqual(
    ids,
    rows.map(({ id }) => id),
  )
  assert.equal((await service.ask('/keys?cursor=x', { headers: bearer(key) })).status, 422)
})

test('the number of keys in force is limited; revoking one allows another', async (t) => {
  const service = await createHttpService(t)
  const { key, keyId } = await service.issueKey('admin')
  await service.pool.query(
    `insert into api_keys (id, digest, scopes) select 'k' || n, '', '{read}' from generate_series(2, ${MAX_KEYS}) n`,
  )
  const make = () => service.ask('/keys', { method: 'POST', headers: bearer(key), body: { scopes: ['read'] } })
  assert.equal((await make()).status, 409)
  await service.pool.query(`update api_keys set revoked_at = now() where id = 'k2'`)
  assert.equal((await make()).status, 201)
  assert.equal(keyId.length, 8)
})
