import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { pino } from 'pino'
import { systemClock } from '../../../src/lib/clock.ts'
import { createKeySecret, createSessionSecret } from '../../../src/core/access/secret.ts'
import { createRateLimit, networkOf } from '../../../src/http/access/rate-limit.ts'
import { createReadCredentials } from '../../../src/postgres/access/api-keys.ts'
import { createHttpService, type HttpService } from '../../support/http-service.ts'

const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

/** As from this address behind a trusted proxy. */
const from = (address: string) => ({ 'x-forwarded-for': address })
const PROXIED = { server: { trustedProxies: ['127.0.0.1'] } }

async function statusesOf(count: number, ask: () => ReturnType<HttpService['ask']>): Promise<number[]> {
  const statuses: number[] = []
  for (let n = 0; n < count; n++) statuses.push((await ask()).status)
  return statuses
}

test('each key has a quota per minute; responses report what is left, and beyond it requests get 429 with the time to retry', async (t) => {
  let now = 1_000_000
  const clock = { ...systemClock, now: () => now, monotonic: () => now }
  const service = await createHttpService(t, { guard: { rateLimit: 3, clock } })
  const [one, two] = [await service.issueKey('read'), await service.issueKey('read')]
  const ask = (key: string) => service.ask('/providers', { headers: bearer(key) })
  const first = await ask(one.key)
  assert.equal(first.headers['ratelimit-policy'], '"key";q=3;w=60')
  assert.equal(first.headers['ratelimit'], '"key";r=2;t=60')
  now += 20_000
  assert.deepEqual(await statusesOf(3, () => ask(one.key)), [200, 200, 429])
  const refused = await ask(one.key)
  assert.equal(refused.headers['ratelimit'], '"key";r=0;t=40')
  assert.equal(refused.headers['retry-after'], '40')
  assert.deepEqual([refused.json().code, refused.json().retry_after], ['rate_limited', 40])
  assert.equal((await ask(two.key)).status, 200)
  now += 40_000
  assert.equal((await ask(one.key)).status, 200)
})

test('without a key the quota is per address, whatever address the caller claims to have', async (t) => {
  const service = await createHttpService(t, { guard: { rateLimit: 2, isAuthOff: true }, ...PROXIED })
  const ask = (address: string) => service.ask('/providers', { headers: from(address) })
  assert.deepEqual(await statusesOf(3, () => ask('203.0.113.7')), [200, 200, 429])
  assert.equal((await ask('203.0.113.8')).status, 200)
  // A proxy appends the address that it saw: only the last one is from the proxy.
  assert.equal((await ask('198.51.100.1, 203.0.113.7')).status, 429)
  assert.deepEqual(await statusesOf(3, () => ask('2001:db8:1:2::1')), [200, 200, 429])
  assert.equal((await ask('2001:db8:1:2:ffff::9')).status, 429, 'another address of the same network')
  assert.equal((await ask('2001:db8:1:3::1')).status, 200)
})

test('without a trusted proxy, a forwarded address changes nothing', async (t) => {
  const service = await createHttpService(t, { guard: { rateLimit: 2 } })
  await service.issueKey('read')
  let n = 0
  const ask = () => service.ask('/', { headers: from(`203.0.113.${n++}`) })
  assert.deepEqual(await statusesOf(3, ask), [200, 200, 429])
})

test('wrong keys are limited more strictly, without affecting callers at the same address with a valid key', async (t) => {
  const service = await createHttpService(t, { guard: { rateLimit: 1_000 } })
  const { key } = await service.issueKey('read')
  const wrong = createKeySecret().text
  const statuses = await statusesOf(25, () => service.ask('/providers', { headers: bearer(wrong) }))
  assert.deepEqual(new Set(statuses.slice(0, 20)), new Set([401]))
  assert.deepEqual(new Set(statuses.slice(20)), new Set([429]))
  assert.equal((await service.ask('/providers', { headers: bearer(key) })).status, 200)
})

test('wrong keys and cookies read the table a few times per second for all callers together, and not at all beyond the quota', async (t) => {
  let reads = 0
  const service = await createHttpService(t)
  const { key } = await service.issueKey('read')
  const read = createReadCredentials(service.pool)
  const readCredentials = () => {
    reads += 1
    return read()
  }
  const guard = { readCredentials, clock: { ...systemClock, now: () => 0, monotonic: () => 0 } }
  const other = await createHttpService(t, { guard, ...PROXIED })
  const ask = (address: string, headers: Record<string, string>) =>
    other.ask('/providers', { headers: { ...from(address), ...headers } })
  assert.equal((await ask('203.0.113.1', bearer(key))).status, 200)
  const since = performance.now()
  const many = Array.from({ length: 100 }, (_, n) => ask(`198.51.100.${n}`, bearer(createKeySecret().text)))
  assert.deepEqual(new Set((await Promise.all(many)).map(({ status }) => status)), new Set([401]))
  assert.ok(reads <= 3 + (performance.now() - since) / 200, `${reads} reads`)
  const wrong = { cookie: `market_data_session=${createSessionSecret().text}` }
  const statuses = await Promise.all(Array.from({ length: 21 }, () => ask('203.0.113.7', wrong)))
  assert.equal(statuses.filter(({ status }) => status === 429).length, 1)
  const before = reads
  for (const headers of [wrong, bearer(createKeySecret().text)]) {
    assert.equal((await ask('203.0.113.7', headers)).status, 429)
  }
  assert.equal(reads, before)
  assert.equal((await ask('203.0.113.7', bearer(key))).status, 200)
})

test('probes are never limited, nor are local callers while no key has been created', async (t) => {
  const service = await createHttpService(t, { guard: { rateLimit: 1 } })
  for (const path of ['/livez', '/readyz', '/providers', '/']) {
    const answers = await statusesOf(3, () => service.ask(path))
    assert.deepEqual(answers, [200, 200, 200], path)
  }
  await service.issueKey('read')
  for (const path of ['/livez', '/readyz'])
    assert.deepEqual(await statusesOf(3, () => service.ask(path)), [200, 200, 200])
})

test('many callers cost bounded memory: those whose minute began first are forgotten', () => {
  const limit = createRateLimit({ name: 'address', quota: 1, clock: systemClock })
  const request = { log: pino({ level: 'silent' }) } as unknown as FastifyRequest
  const reply = { header: () => {} } as unknown as FastifyReply
  const count = (whose: string) => limit.count(whose, request, reply)
  count('first')
  assert.throws(() => count('first'), { code: 'rate_limited' })
  for (let n = 0; n < 20_000; n++) count(`one of many ${n}`)
  count('first')
})

test('a network is an IPv4 address or 64 bits of an IPv6 address, in any notation', () => {
  for (const [address, network] of [
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2::1', '2001:db8:1:2'],
    ['2001:0DB8:0001:0002:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['::1', '0:0:0:0'],
  ] as const) {
    assert.equal(networkOf(address), network, address)
  }
})
