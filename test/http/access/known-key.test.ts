import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fastify } from 'fastify'
import { pino } from 'pino'
import type { Credential } from '../../../src/core/access/credential.ts'
import type { Scope, Secret } from '../../../src/core/access/key.ts'
import { createKeySecret, createSessionSecret } from '../../../src/core/access/secret.ts'
import { ServiceError } from '../../../src/errors.ts'
import { createAccess } from '../../../src/http/access/authorize.ts'
import { systemClock } from '../../../src/lib/clock.ts'

const credentialOf = ({ id, digest }: Secret, scope: Scope, isSession = false): Credential => {
  return { id, digest, keyId: id, scopes: [scope], isSession, expiresAt: null }
}

/** Access with keys in memory, and what it says to a request at once: true, false, or the code of the refusal. */
function createHarness(all: readonly Credential[]) {
  let now = 0
  const clock = { ...systemClock, monotonic: () => now }
  const log = pino({ level: 'silent' })
  const access = createAccess({
    isAuthOff: false,
    isPrivate: true,
    rateLimit: 4,
    readCredentials: async () => ({ isClosed: true, all }),
    clock,
    log,
    signal: new AbortController().signal,
  })
  const app = fastify()
  app.decorateRequest('caller', null)
  app.route({
    method: ['GET', 'POST'],
    url: '/prices/latest',
    handler: async (request, reply) => {
      try {
        return { is: access.admitAtOnce(request, reply) }
      } catch (error) {
        return { is: error instanceof ServiceError ? error.code : error }
      }
    },
  })
  const ask = async (headers: Record<string, string>, method: 'GET' | 'POST' = 'GET'): Promise<unknown> =>
    (await app.inject({ method, url: '/prices/latest', headers })).json().is
  return { access, ask, pass: (ms: number) => (now += ms) }
}

const bearer = (text: string) => ({ authorization: `Bearer ${text}` })

test('a known key is admitted at once; everything else takes the way that reads the keys or refuses', async () => {
  const [known, unknown, session] = [createKeySecret(), createKeySecret(), createSessionSecret()]
  const { access, ask, pass } = createHarness([credentialOf(known, 'read'), credentialOf(session, 'read', true)])
  assert.equal(await ask(bearer(known.text)), false, 'before the first read')
  await access.refresh()
  assert.equal(await ask(bearer(known.text)), true)
  assert.equal(await ask({ authorization: `bearer   ${known.text}` }), true)
  assert.equal(await ask({ 'x-api-key': known.text }), true)
  const last = known.text.endsWith('0') ? '1' : '0'
  for (const text of [
    unknown.text,
    `${known.text.slice(0, -1)}${last}`,
    `${known.text}0`,
    session.text,
    known.id,
    'x',
  ]) {
    assert.equal(await ask(bearer(text)), false, text)
  }
  for (const headers of [{}, { authorization: known.text }, { cookie: `market_data_session=${session.text}` }]) {
    assert.equal(await ask(headers as Record<string, string>), false, JSON.stringify(headers))
  }
  pass(5_001)
  assert.equal(await ask(bearer(known.text)), false, 'the last read is too old')
})

test('a known key counts against its quota and may do what its scopes allow, at once as well', async () => {
  const known = createKeySecret()
  const { access, ask } = createHarness([credentialOf(known, 'read')])
  await access.refresh()
  const headers = { 'x-api-key': known.text }
  assert.equal(await ask(headers, 'POST'), 'forbidden')
  assert.deepEqual([await ask(headers), await ask(headers), await ask(headers)], [true, true, true])
  assert.equal(await ask(headers), 'rate_limited')
})

test('a key that a read no longer finds is not admitted any more', async () => {
  const known = createKeySecret()
  const all = [credentialOf(known, 'read')]
  const { access, ask } = createHarness(all)
  await access.refresh()
  assert.equal(await ask({ 'x-api-key': known.text }), true)
  all.pop()
  await access.refresh()
  assert.equal(await ask({ 'x-api-key': known.text }), false)
})
