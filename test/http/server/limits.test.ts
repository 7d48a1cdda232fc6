import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { openStreamWith } from '../../support/price-stream.ts'
import { createHttpService } from '../../support/http-service.ts'
import { until } from '../../support/until.ts'

async function openSocket(t: TestContext, port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  t.after(() => socket.destroy())
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

test('a connection beyond the limit gets 503 overloaded with Retry-After and is closed; one that closes frees its slot', async (t) => {
  const service = await createHttpService(t, { server: { connectionLimit: 3 } })
  const port = Number(new URL(await service.listen()).port)
  const sockets = [await openSocket(t, port), await openSocket(t, port), await openSocket(t, port)]
  const fourth = await openSocket(t, port)
  let text = ''
  fourth.on('data', (chunk) => (text += String(chunk)))
  await once(fourth, 'close')
  assert.match(text, /^HTTP\/1\.1 503 Service Unavailable\r\n/)
  assert.match(text, /\r\nRetry-After: 2\r\n/)
  assert.match(text, /"code":"overloaded"/)
  sockets[0]?.destroy()
  const answers = async () => (await fetch(`http://127.0.0.1:${port}/livez`).catch(() => undefined))?.status === 200
  await until(answers, 'a slot is free again')
})

test('a request beyond the limit gets 503 overloaded with Retry-After while those in progress finish; probes are answered', async (t) => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const service = await createHttpService(t, {
    server: { requestLimit: 3 },
    prices: { readHistory: () => promise.then(() => []) },
  })
  const slow = [1, 2, 3].map(() => service.ask('/prices/history?symbol=AAPL'))
  const refused = await service.ask('/providers')
  assert.deepEqual([refused.status, refused.json().code], [503, 'overloaded'])
  assert.equal(refused.headers['retry-after'], '2')
  for (const path of ['/livez', '/readyz']) assert.equal((await service.ask(path)).status, 200)
  resolve()
  await Promise.all(slow)
  assert.equal((await service.ask('/providers')).status, 200)
})

test('the number of streams is limited per key', async (t) => {
  const service = await createHttpService(t, { streams: { streamsPerKey: 2 } })
  const url = `${await service.listen()}/prices/stream`
  const [one, two] = [await service.issueKey('read'), await service.issueKey('read')]
  const open = ({ key }: { key: string }) => openStreamWith(t, url, { 'x-api-key': key })
  const statuses = []
  for (const key of [one, one, one, two]) statuses.push((await open(key)).response.statusCode)
  assert.deepEqual(statuses, [200, 200, 429, 200])
})

test('a request that arrives too slowly is aborted', async (t) => {
  const service = await createHttpService(t)
  await service.listen()
  // Node aborts slower requests; to see it happen would take as long as these timeouts.
  const { requestTimeout, headersTimeout, keepAliveTimeout } = service.app.server
  assert.ok(requestTimeout > 0 && requestTimeout <= 30_000, `${requestTimeout}`)
  assert.ok(headersTimeout > 0 && headersTimeout <= 60_000, `${headersTimeout}`)
  assert.ok(keepAliveTimeout > 0 && keepAliveTimeout <= 120_000, `${keepAliveTimeout}`)
})
