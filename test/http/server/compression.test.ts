import assert from 'node:assert/strict'
import { get, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { buffer } from 'node:stream/consumers'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { createHttpService } from '../../support/http-service.ts'

const unpackers = { br: brotliDecompressSync, gzip: gunzipSync }

test('long JSON, CSV and documents are compressed as the client accepts it, and are the same after unpacking', async (t) => {
  const read = await createReader(t)
  const paths = ['/prices/history?symbol=AAPL', '/prices/history?symbol=AAPL&format=csv', '/openapi.json', '/metrics']
  for (const path of paths) {
    const plain = await read(path, 'identity')
    assert.equal(plain.headers['content-encoding'], undefined)
    for (const [name, unpack] of Object.entries(unpackers)) {
      const packed = await read(path, `deflate, ${name};q=0.8`)
      assert.equal(packed.headers['content-encoding'], name, path)
      assert.match(String(packed.headers['vary']), /accept-encoding/)
      const text = unpack(packed.body).toString()
      // Metrics change from one request to the next.
      if (path !== '/metrics') assert.equal(text, plain.body.toString(), path)
      assert.ok(packed.body.length < plain.body.length / 2, `${path}: ${packed.body.length} of ${plain.body.length}`)
    }
  }
})

test('brotli is preferred, an encoding with weight 0 is not used, and a client that names none gets plain bytes', async (t) => {
  const read = await createReader(t)
  const encodings = [
    ['gzip, deflate, br', 'br'],
    ['gzip, br;q=0', 'gzip'],
    ['GZIP', 'gzip'],
    ['deflate', undefined],
    ['', undefined],
    ['*', undefined],
  ] as const
  for (const [accepted, used] of encodings) {
    const { headers } = await read('/prices/history?symbol=AAPL', accepted)
    assert.equal(headers['content-encoding'], used, accepted)
  }
})

test('a short answer is sent as it is, and so is a stream of events, whatever the client accepts', async (t) => {
  const read = await createReader(t)
  const latest = await read('/prices/latest?symbol=AAPL&max_age=31536000', 'br, gzip')
  assert.equal(latest.headers['content-encoding'], undefined)
  assert.equal(JSON.parse(latest.body.toString()).symbol, 'AAPL')
  const request = get(`${read.url}/prices/stream`, { headers: { 'accept-encoding': 'br, gzip' }, agent: false })
  t.after(() => request.destroy())
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  assert.equal(response.headers['content-encoding'], undefined)
})

test('HEAD is answered without a body', async (t) => {
  const read = await createReader(t)
  const { body, status } = await read('/prices/history?symbol=AAPL', 'br', 'HEAD')
  assert.deepEqual([status, body.length], [200, 0])
})

/** Reads the bytes as they come over the wire. */
async function createReader(t: TestContext) {
  const { listen, store } = await createHttpService(t)
  const minutes = Array.from({ length: 40 }, (_, n) => new Date(Date.UTC(2025, 0, 1, 0, n)).toISOString())
  await store(...minutes.map((time, n) => ({ time, price: `${n + 1}.25` })))
  const url = await listen()
  const read = async (path: string, accepted: string, method = 'GET') => {
    const headers = accepted === '' ? {} : { 'accept-encoding': accepted }
    const request = get(url + path, { headers, agent: false, method })
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    return { status: response.statusCode, headers: response.headers, body: await buffer(response) }
  }
  return Object.assign(read, { url })
}
