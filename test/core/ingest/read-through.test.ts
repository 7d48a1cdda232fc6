import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ServiceError } from '../../../src/errors.ts'
import type { Ingest } from '../../../src/core/ingest/ingest.ts'
import { instantFromMillis } from '../../../src/lib/instant.ts'
import { createNotifier } from '../../../src/lib/notifier.ts'
import { createLatest } from '../../../src/core/ingest/read-through.ts'
import type { StoredPrice } from '../../../src/core/prices/quote.ts'

const NOW = Date.parse('2025-06-15T20:30:00Z')

/** A store and a provider in memory; the provider answers when the test opens it. */
function createHarness() {
  const stored = new Map<string, StoredPrice>()
  const fetched: (readonly string[])[] = []
  const gate = Promise.withResolvers<ServiceError | undefined>()
  const store = (symbol: string, ageSeconds: number) => {
    const price = { symbol, confirmedAt: instantFromMillis(NOW - ageSeconds * 1000) } as StoredPrice
    stored.set(symbol, price)
    return price
  }
  const ingest: Ingest = async (_provider, symbols) => {
    fetched.push(symbols)
    const error = await gate.promise
    if (error) return symbols.map((symbol) => ({ symbol, error }))
    return symbols.map((symbol) => ({ symbol, outcome: 'recorded', price: store(symbol, 0), replySha256: '5a' }))
  }
  let [now, reads] = [NOW, 0]
  const clock = { now: () => now, monotonic: () => now, sleep: () => Promise.resolve() }
  const readLatest = async () => {
    reads += 1
    return new Map(stored)
  }
  const notifier = createNotifier()
  const latest = createLatest({
    ingest,
    readLatest,
    onPricesStored: notifier.subscribe,
    clock,
    signal: new AbortController().signal,
  })
  const request = (symbols: string[], maxAgeSeconds = 60) => latest.find({ provider: 'p', symbols, maxAgeSeconds })
  const pass = (ms: number) => (now += ms)
  return { latest, request, fetched, store, open: gate.resolve, notify: notifier.notify, pass, reads: () => reads }
}

test('a thousand callers of one stale symbol cause one request', async () => {
  const { request, fetched, open } = createHarness()
  const callers = Array.from({ length: 1000 }, () => request(['AAPL']))
  open(undefined)
  const answers = await Promise.all(callers)
  assert.deepEqual(fetched, [['AAPL']])
  assert.ok(answers.every(([answer]) => answer && 'price' in answer))
})

test('a request contains only symbols that are stale and not already being fetched', async () => {
  const { request, fetched, store, open } = createHarness()
  store('YOUNG', 59)
  store('OLD', 60)
  const first = request(['OLD'])
  const second = request(['YOUNG', 'OLD', 'NEW'])
  open(undefined)
  await Promise.all([first, second])
  assert.deepEqual(fetched, [['OLD'], ['NEW']])
})

test('a max_age of 0 fetches even a price that was confirmed just now', async () => {
  const { request, fetched, store, open } = createHarness()
  store('AAPL', 0)
  open(undefined)
  await request(['AAPL'], 0)
  assert.equal(fetched.length, 1)
})

test("a provider's failure comes with the last known price, and the next caller tries again", async () => {
  const { request, fetched, store, open } = createHarness()
  const known = store('OLD', 600)
  open(new ServiceError('provider_unavailable', 'away'))
  const answers = await request(['OLD', 'NEW'])
  assert.deepEqual(
    answers.map((answer) => ('error' in answer ? [answer.error.code, answer.lastKnown] : answer)),
    [
      ['provider_unavailable', known],
      ['provider_unavailable', undefined],
    ],
  )
  await request(['OLD'])
  assert.equal(fetched.length, 2)
})

test('a popular symbol is read at most once in 100 ms, and again at once after this process has stored prices', async () => {
  const { request, store, notify, pass, reads } = createHarness()
  store('AAPL', 0)
  await request(['AAPL'])
  pass(99)
  await request(['AAPL'])
  assert.equal(reads(), 1)
  pass(1)
  await request(['AAPL'])
  assert.equal(reads(), 2)
  notify()
  await request(['AAPL'])
  assert.equal(reads(), 3)
})

test('a price that was read before the provider answered is not returned any more', async () => {
  const { request, fetched, store, open } = createHarness()
  store('AAPL', 100)
  open(undefined)
  await request(['AAPL'])
  await request(['AAPL'])
  assert.equal(fetched.length, 1)
})

test('a price that was confirmed in the future is fetched again: a clock was ahead when it was stored', async () => {
  const { request, fetched, store, open } = createHarness()
  store('AAPL', -3_600)
  store('MSFT', -0.5)
  open(undefined)
  await request(['AAPL', 'MSFT'])
  assert.deepEqual(fetched, [['AAPL']], 'clocks of several machines differ a little')
})

test('memory answers without waiting what was read less than 100 ms ago, until this process stores prices', async () => {
  const { latest, store, notify, pass, reads } = createHarness()
  const price = store('AAPL', 0)
  const asked = { provider: 'p', symbols: ['AAPL'], maxAgeSeconds: 60 }
  const peek = () => latest.peek(asked, NOW)
  assert.equal(peek(), undefined, 'nothing was read')
  const reading = latest.find(asked)
  assert.equal(peek(), undefined, 'the read is still running')
  await reading
  assert.equal(peek(), price)
  assert.equal(latest.peek({ ...asked }, NOW), price, 'another object with the same question')
  for (const other of [{ symbols: ['MSFT'] }, { provider: 'q' }, { currency: 'USD' }]) {
    assert.equal(latest.peek({ ...asked, ...other }, NOW), undefined, JSON.stringify(other))
  }
  pass(99)
  assert.equal(peek(), price)
  pass(1)
  assert.equal(peek(), undefined, 'another process may have stored a newer price')
  await latest.find(asked)
  assert.equal(peek(), price)
  notify()
  assert.equal(peek(), undefined, 'this process has stored a price')
  assert.equal(reads(), 2, 'looking reads nothing')
})

test('memory answers only what is young enough at the time of the answer, or may be of any age', async () => {
  const { latest, store } = createHarness()
  const price = store('AAPL', 59)
  const asked = { provider: 'p', symbols: ['AAPL'], maxAgeSeconds: 60 }
  await latest.find(asked)
  assert.equal(latest.peek(asked, NOW + 999), price)
  assert.equal(latest.peek(asked, NOW + 1_000), undefined)
  assert.equal(latest.peek({ ...asked, maxAgeSeconds: 0 }, NOW), undefined)
  assert.equal(latest.peek({ ...asked, maxAgeSeconds: 0, storedOnly: 'import' }, NOW + 1_000), price)
})
