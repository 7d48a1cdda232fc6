import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ServiceError } from '../../../src/errors.ts'
import type { Ingest } from '../../../src/core/ingest/ingest.ts'
import { instantFromMillis } from '../../../src/lib/instant.ts'
import { createNotifier } from '../../../src/lib/notifier.ts'
import { createLatest } from '../../../src/core/ingest/read-through.ts'
import type { StoredPrice } from '../../../src/core/prices/quote.ts'

const NOW = Date.parse('2025-06-15T20:30:00Z')

/** A store and a provider in memory; the provider answers when it is told to. */
function createHarness() {
  const stored = new Map<string, StoredPrice>()
  const asked: (readonly string[])[] = []
  const gate = Promise.withResolvers<ServiceError | undefined>()
  const store = (symbol: string, ageSeconds: number) => {
    const price = { symbol, confirmedAt: instantFromMillis(NOW - ageSeconds * 1000) } as StoredPrice
    stored.set(symbol, price)
    return price
  }
  const ingest: Ingest = async (_provider, symbols) => {
    asked.push(symbols)
    const error = await gate.promise
    if (error) return symbols.map((symbol) => ({ symbol, error }))
    return symbols.map((symbol) => ({ symbol, outcome: 'recorded', price: store(symbol, 0), replySha256: '5a' }))
  }
  let [now, reads] = [NOW, 0]
  const clock = { now: () => now, sleep: () => Promise.resolve() }
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
  const ask = (symbols: string[], maxAgeSeconds = 60) => latest({ provider: 'p', symbols, maxAgeSeconds })
  const pass = (ms: number) => (now += ms)
  return { ask, asked, store, open: gate.resolve, notify: notifier.notify, pass, reads: () => reads }
}

test('a thousand callers of one stale symbol cause one request', async () => {
  const { ask, asked, open } = createHarness()
  const callers = Array.from({ length: 1000 }, () => ask(['AAPL']))
  open(undefined)
  const answers = await Promise.all(callers)
  assert.deepEqual(asked, [['AAPL']])
  assert.ok(answers.every(([answer]) => answer && 'price' in answer))
})

test('only symbols that are too old and not being asked already go into a request', async () => {
  const { ask, asked, store, open } = createHarness()
  store('YOUNG', 59)
  store('OLD', 60)
  const first = ask(['OLD'])
  const second = ask(['YOUNG', 'OLD', 'NEW'])
  open(undefined)
  await Promise.all([first, second])
  assert.deepEqual(asked, [['OLD'], ['NEW']])
})

test('a max_age of 0 asks even for what was confirmed this moment', async () => {
  const { ask, asked, store, open } = createHarness()
  store('AAPL', 0)
  open(undefined)
  await ask(['AAPL'], 0)
  assert.equal(asked.length, 1)
})

test("a provider's failure comes with the price that is known, and the next caller asks again", async () => {
  const { ask, asked, store, open } = createHarness()
  const known = store('OLD', 600)
  open(new ServiceError('provider_unavailable', 'away'))
  const answers = await ask(['OLD', 'NEW'])
  assert.deepEqual(
    answers.map((answer) => ('error' in answer ? [answer.error.code, answer.lastKnown] : answer)),
    [
      ['provider_unavailable', known],
      ['provider_unavailable', undefined],
    ],
  )
  await ask(['OLD'])
  assert.equal(asked.length, 2)
})

test('a hot symbol is read once in a tenth of a second, and again at once when this process stored prices', async () => {
  const { ask, store, notify, pass, reads } = createHarness()
  store('AAPL', 0)
  await ask(['AAPL'])
  pass(99)
  await ask(['AAPL'])
  assert.equal(reads(), 1)
  pass(1)
  await ask(['AAPL'])
  assert.equal(reads(), 2)
  notify()
  await ask(['AAPL'])
  assert.equal(reads(), 3)
})

test('what was read before the provider answered is not answered any more', async () => {
  const { ask, asked, store, open } = createHarness()
  store('AAPL', 100)
  open(undefined)
  await ask(['AAPL'])
  await ask(['AAPL'])
  assert.equal(asked.length, 1)
})
