import assert from 'node:assert/strict'
import { get, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import { test } from 'node:test'
import { buffer } from 'node:stream/consumers'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { createStoreReply } from '../../../src/postgres/ingest/store-reply.ts'
import { createCountedHistory } from '../../support/counted-history.ts'
import { createHttpService } from '../../support/http-service.ts'
import { storePrices } from '../../support/store-prices.ts'

const minute = (n: number) => new Date(Date.UTC(2025, 0, 1, 0, n)).toISOString()
const PATH = '/prices/history?symbol=AAPL&from=2025-01-01&to=2025-01-02'

test('a page that was read is sent again without reading it, until a price of its symbol is stored', async (t) => {
  const { service, reads } = await createCountedHistory(t)
  await service.store({ price: '1', time: minute(0) }, { symbol: 'MSFT', price: '5', time: minute(0) })
  const first = await service.ask(PATH)
  assert.equal((await service.ask(PATH)).text, first.text)
  await storePrices(createStoreReply(service.pool), [{ symbol: 'MSFT', price: '6', time: minute(1) }])
  assert.equal((await service.ask(PATH)).text, first.text)
  assert.equal(reads(), 1)
})

test('a late price, a correction and the first price of a symbol are in the next answer, also if another process stored them', async (t) => {
  const { ask, store, pool } = await createHttpService(t)
  await store({ price: '1', time: minute(0) }, { price: '3', time: minute(9) })
  // Past all that tells this process about its own prices.
  const record = createStoreReply(pool)
  const prices = async (path = PATH) => (await ask(path)).json().data.map((price: { price: number }) => price.price)
  assert.deepEqual(
    [await prices(), await prices()],
    [
      [3, 1],
      [3, 1],
    ],
  )
  await storePrices(record, [{ price: '2', time: minute(5) }])
  assert.deepEqual(await prices(), [3, 2, 1])
  await storePrices(record, [{ price: '7', time: minute(5) }])
  assert.deepEqual(await prices(), [3, 7, 1])
  const unknown = PATH.replace('AAPL', 'NVDA')
  assert.deepEqual([await prices(unknown), await prices(unknown)], [[], []])
  await storePrices(record, [{ symbol: 'NVDA', price: '8', time: minute(5) }])
  assert.deepEqual(await prices(unknown), [8])
})

test('no answer is older than a price that was committed before it was asked for, while both go on at once', async (t) => {
  const { ask, pool, store } = await createHttpService(t)
  await store({ price: '1', time: minute(0) })
  const record = createStoreReply(pool)
  const written = { count: 1, isDone: false }
  const write = async () => {
    for (let n = 1; n <= 40; n++) {
      await storePrices(record, [{ price: `${n + 1}`, time: minute(n % 2 === 0 ? 100 + n : 100 - n) }])
      written.count = n + 1
    }
    written.isDone = true
  }
  const read = async () => {
    while (!written.isDone) {
      const least = written.count
      const { data } = (await ask(PATH)).json()
      assert.ok(data.length >= least, `${data.length} of ${least}`)
    }
  }
  await Promise.all([write(), read(), read(), read()])
})

test('each encoding has a tag of its own, and a client that has those bytes gets 304 without a body', async (t) => {
  const { listen, store } = await createHttpService(t)
  await store(...Array.from({ length: 40 }, (_, n) => ({ price: `${n + 1}.25`, time: minute(n) })))
  const url = (await listen()) + PATH
  const plain = await fetchBytes(url, {})
  const tags = new Set([plain.headers.etag])
  for (const [encoding, unpack] of [
    ['br', brotliDecompressSync],
    ['gzip', gunzipSync],
  ] as const) {
    const packed = await fetchBytes(url, { 'accept-encoding': encoding })
    assert.equal(packed.headers['content-encoding'], encoding)
    assert.deepEqual(unpack(packed.body), plain.body)
    tags.add(packed.headers.etag)
    for (const known of [packed.headers.etag ?? '', `"other", W/${packed.headers.etag}`, '*']) {
      const same = await fetchBytes(url, { 'accept-encoding': encoding, 'if-none-match': known })
      assert.deepEqual([same.statusCode, same.body.length, same.headers.etag], [304, 0, packed.headers.etag])
      assert.equal(same.headers.vary, packed.headers.vary)
    }
  }
  assert.equal(tags.size, 3)
  const other = await fetchBytes(url, { 'if-none-match': [...tags][1] ?? '' })
  assert.deepEqual([other.statusCode, other.body], [200, plain.body])
  await store({ price: '99', time: minute(50) })
  const changed = await fetchBytes(url, { 'if-none-match': plain.headers.etag ?? '' })
  assert.equal(changed.statusCode, 200)
  assert.notEqual(changed.headers.etag, plain.headers.etag)
})

async function fetchBytes(url: string, headers: Record<string, string>) {
  const [response] = (await once(get(url, { headers, agent: false }), 'response')) as [IncomingMessage]
  return Object.assign(response, { body: await buffer(response) })
}
