import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { pino } from 'pino'
import { systemClock } from '../../../src/lib/clock.ts'
import { createKeySecret } from '../../../src/core/access/secret.ts'
import { createHttpService, type Changes, type Json } from '../../support/http-service.ts'

const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

async function createLogged(t: TestContext, changes: Changes = {}) {
  const lines: string[] = []
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) })
  const service = await createHttpService(t, {
    server: { log, ...changes.server },
    guard: { log, ...changes.guard },
    streams: { log },
  })
  const events = () => lines.map((line): Json => JSON.parse(line)).filter(({ security }) => security !== undefined)
  return { ...service, lines, events }
}

test('each security event is one log line that names the event, the key and the address', async (t) => {
  const { ask, events, issueKey } = await createLogged(t, { guard: { rateLimit: 3 } })
  const [admin, reader] = [await issueKey('admin'), await issueKey('read')]
  const happens = async (act: () => Promise<unknown>, expected: Json) => {
    const before = events().length
    await act()
    const found = events()
      .slice(before)
      .find(({ security }) => security === expected.security)
    assert.ok(found, expected.security)
    for (const [name, value] of Object.entries(expected))
      assert.deepEqual(found[name], value, `${expected.security} ${name}`)
  }
  const address = '127.0.0.1'
  const use = () => ask('/providers', { headers: bearer(reader.key) })
  await happens(use, { security: 'key_used', key: reader.keyId, address, level: 30 })
  const wrong = createKeySecret()
  const refused = { security: 'key_refused', key: wrong.id, address, level: 40 }
  await happens(() => ask('/providers', { headers: bearer(wrong.text) }), refused)
  await happens(() => ask('/providers'), { security: 'key_missing', route: '/providers', address })
  const listed = { security: 'forbidden', key: reader.keyId, route: '/keys', address, level: 40 }
  await happens(() => ask('/keys', { headers: bearer(reader.key) }), listed)
  const many = async () => {
    for (let n = 0; n < 9; n++) await use()
  }
  await happens(many, { security: 'rate_limited', policy: 'key', whose: reader.keyId, level: 40 })
  assert.equal(events().filter(({ security }) => security === 'rate_limited').length, 1, 'once a window')
  assert.equal(
    events().filter(({ security, key }) => security === 'key_used' && key === reader.keyId).length,
    1,
    'once',
  )
  const revoke = () => ask(`/keys/${reader.keyId}`, { method: 'DELETE', headers: bearer(admin.key) })
  await happens(revoke, { security: 'key_revoked', key: reader.keyId, by: admin.keyId, address })
  assert.ok(events().some(({ security, key }) => security === 'key_ended' && key === reader.keyId))
  const make = () => ask('/keys', { method: 'POST', headers: bearer(admin.key), body: { scopes: ['read'] } })
  await happens(make, { security: 'key_created', by: admin.keyId, scopes: ['read'] })
  const evil = { headers: { host: 'evil.example' } }
  await happens(() => ask('/providers', evil), { security: 'foreign_request', called: 'evil.example' })
})

test('events that any caller can cause are logged at most once per second and kind, shortened, with the number left out', async (t) => {
  let now = 0
  const clock = { ...systemClock, now: () => now, monotonic: () => now }
  const { ask, events, issueKey } = await createLogged(t, { server: { clock }, guard: { clock } })
  await issueKey('read')
  const many = async () => {
    for (let n = 0; n < 5; n++) {
      await ask('/providers')
      await ask('/providers', { headers: { host: `${'x'.repeat(5_000)}.example` } })
    }
  }
  await many()
  now = 1_000
  await many()
  for (const security of ['key_missing', 'foreign_request']) {
    const logged = events().filter((event) => event.security === security)
    assert.deepEqual(
      logged.map(({ leftOut }) => leftOut),
      [undefined, 4],
      security,
    )
    assert.ok(logged.every((event) => JSON.stringify(event).length < 500))
  }
})

test('signing a page in and out is logged too', async (t) => {
  const { ask, events, issueKey } = await createLogged(t)
  const { key, keyId } = await issueKey('read')
  const answer = await ask('/session', { method: 'POST', headers: bearer(key) })
  const cookie = String(answer.headers['set-cookie']).split(';')[0] ?? ''
  await ask('/session', { headers: { cookie } })
  await ask('/session', { method: 'DELETE', headers: { cookie } })
  await ask('/session', { headers: { cookie } })
  for (const security of ['signed_in', 'signed_out']) {
    assert.ok(
      events().some((event) => event.security === security && event.key === keyId),
      security,
    )
  }
})

test('whatever a caller sends, each log entry is one line of JSON', async (t) => {
  const { ask, lines } = await createLogged(t)
  const nasty = 'AAPL%0A%7B%22level%22:60%7D%0D%1B%5B31m'
  for (const path of [`/${nasty}`, `/providers?${nasty}=1`, `/symbols?q=${nasty}`]) {
    await ask(path, { headers: { 'x-request-id': nasty, host: `evil${nasty}` } })
    await ask(path)
  }
  assert.ok(lines.length >= 6)
  for (const line of lines) {
    assert.equal(line.indexOf('\n'), line.length - 1)
    // oxlint-disable-next-line no-control-regex
    assert.doesNotMatch(line.slice(0, -1), /[\u0000-\u001f]/)
    assert.ok(JSON.parse(line).level < 60)
  }
})
