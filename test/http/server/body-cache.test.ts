import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { createBodyCache } from '../../../src/http/server/responses/body-cache.ts'
import { systemClock } from '../../../src/lib/clock.ts'

const text = (letter: string, length = 10_000) => letter.repeat(length)

test('a body is made once for all who ask at the same time, and again for another version or after its lifetime', async () => {
  const { bodies, clock } = createCache()
  const made: string[] = []
  const ask = (version: string) =>
    bodies.get('/page', version, async () => {
      made.push(version)
      return text(version)
    })
  const [one, two] = await Promise.all([ask('a'), ask('a')])
  assert.equal(one, two)
  assert.deepEqual([bodies.has('/page', 'a'), bodies.has('/page', 'b')], [true, false])
  assert.equal((await ask('b')).plain.toString(), text('b'))
  clock.ms += 1_000
  assert.equal(bodies.has('/page', 'b'), false)
  await ask('b')
  assert.deepEqual(made, ['a', 'b', 'b'])
})

test('a body that could not be made is not kept', async () => {
  const { bodies } = createCache()
  await assert.rejects(bodies.get('/page', 'a', () => Promise.reject(new Error('away'))))
  assert.equal(bodies.has('/page', 'a'), false)
  assert.equal((await bodies.get('/page', 'a', async () => 'x')).plain.toString(), 'x')
})

test('a body is compressed once per encoding, also if it is made again and is the same', async () => {
  const { bodies, clock } = createCache()
  const first = await bodies.get('/page', 'a', async () => text('x'))
  const [br, gzip, same] = await Promise.all([first.in('br'), first.in('gzip'), first.in('gzip')])
  assert.equal(same, gzip)
  assert.deepEqual([brotliDecompressSync(br).toString(), gunzipSync(gzip).toString()], [text('x'), text('x')])
  clock.ms += 1_000
  const again = await bodies.get('/page', 'b', async () => text('x'))
  assert.equal(await again.in('br'), br)
  const other = await bodies.get('/page', 'c', async () => text('y'))
  assert.notEqual(other.hash, again.hash)
  assert.equal(brotliDecompressSync(await other.in('br')).toString(), text('y'))
})

test('the bodies in all encodings stay below the limit: the one that was not asked for the longest is forgotten first', async () => {
  const { bodies } = createCache(100_000)
  for (const n of [0, 1, 2, 3, 4, 5, 6, 7]) await bodies.get(`/${n}`, 'a', async () => text('x'))
  await bodies.get('/0', 'a', () => Promise.reject(new Error('is kept')))
  await bodies.get('/8', 'a', async () => text('x'))
  await bodies.get('/9', 'a', async () => text('x'))
  const kept = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].filter((n) => bodies.has(`/${n}`, 'a'))
  assert.deepEqual(kept, [0, 2, 3, 4, 5, 6, 7, 8, 9])
  // Random digits hardly shrink: each encoding counts.
  const digits = Array.from({ length: 12_000 }, () => Math.random().toString(36)[2]).join('')
  const large = await bodies.get('/large', 'a', async () => digits)
  await large.in('br')
  assert.equal(bodies.has('/large', 'a'), false)
  await bodies.get('/huge', 'a', async () => text('x', 20_000))
  assert.equal(bodies.has('/huge', 'a'), false)
})

function createCache(maxBytes = 1_000_000) {
  const clock = { ...systemClock, ms: 0, monotonic: () => clock.ms }
  return { clock, bodies: createBodyCache({ maxBytes, lifetimeMs: 1_000, clock }) }
}
