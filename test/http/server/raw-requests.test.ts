import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test, type TestContext } from 'node:test'
import { createHttpService } from '../../support/http-service.ts'

test('data that is not HTTP is answered with a problem too', async (t) => {
  const { listen } = await createHttpService(t)
  const port = Number(new URL(await listen()).port)
  for (const request of ['nonsense\r\n\r\n', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`]) {
    const reply = await speak(t, port, request)
    assert.match(reply, /^HTTP\/1\.1 400 Bad Request\r\n/)
    assert.match(reply, /application\/problem\+json[^]*"code":"malformed_request"/)
  }
})

test('an address with letters that are not encoded is answered with how to write it', async (t) => {
  const { listen } = await createHttpService(t)
  const port = Number(new URL(await listen()).port)
  const reply = await speak(t, port, 'GET /prices/latest?symbol=ß HTTP/1.1\r\nHost: localhost\r\n\r\n')
  assert.match(reply, /"code":"malformed_request"/)
  assert.match(reply, /percent-encoded/)
})

test('a request that names a type but has neither a body nor a length is answered as one without a body', async (t) => {
  const { listen, ask } = await createHttpService(t)
  const port = Number(new URL(await listen()).port)
  for (const [method, path] of [
    ['POST', '/prices/poll'],
    ['POST', '/nowhere'],
    ['DELETE', '/session'],
    ['GET', '/livez'],
  ] as const) {
    const head = `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close`
    const { status } = await ask(path, { method, headers: { 'content-type': 'application/json' } })
    assert.match(await speak(t, port, `${head}\r\n\r\n`), new RegExp(`^HTTP/1.1 ${status} `), `${method} ${path}`)
  }
})

async function speak(t: TestContext, port: number, request: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  t.after(() => socket.destroy())
  socket.on('error', () => {})
  let reply = ''
  socket.on('data', (chunk) => (reply += String(chunk)))
  socket.write(request)
  await once(socket, 'close')
  return reply
}
