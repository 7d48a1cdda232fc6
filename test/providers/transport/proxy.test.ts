import assert from 'node:assert/strict'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { runCommand } from '../../support/service-process.ts'
import { createYahooFake, yahooQuote } from '../../support/yahoo-fake.ts'

type Connect = { readonly target: string; readonly authorization: string }

/** A proxy on this machine that notes which connections are asked for, and refuses each with a status. */
async function createProxy(t: TestContext, status: number) {
  const connects: Connect[] = []
  const server = createServer((_request, response) => response.writeHead(500).end())
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    connects.push({ target: request.url ?? '', authorization: request.headers['proxy-authorization'] ?? '' })
    socket.end(`HTTP/1.1 ${status} Refused\r\n\r\n`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => void server.close())
  return { port: (server.address() as AddressInfo).port, connects }
}

test('requests to providers go through HTTPS_PROXY, doctor names it, and its password is shown nowhere', async (t) => {
  for (const name of ['HTTPS_PROXY', 'https_proxy']) {
    const { port, connects } = await createProxy(t, 407)
    const env = { [name]: `http://someone:open-sesame@127.0.0.1:${port}`, PORT: '0', LOG_LEVEL: 'trace' }
    const { stdout, stderr } = await runCommand(['doctor'], { env })
    assert.equal(connects[0]?.target, 'finance.yahoo.com:443')
    assert.equal(connects[0]?.authorization, `Basic ${btoa('someone:open-sesame')}`)
    assert.match(stdout, /provider +no price from yfinance: .*the proxy answers with status 407/)
    assert.ok(stdout.includes(`(HTTPS_PROXY is http://127.0.0.1:${port})`), stdout)
    assert.doesNotMatch(stdout + stderr, /sesame|c29tZW9uZTpvcGVuLXNlc2FtZQ/)
  }
})

test('a host of NO_PROXY and an address of this machine are requested without the proxy', async (t) => {
  const { port, connects } = await createProxy(t, 502)
  const proxy = { HTTPS_PROXY: `http://127.0.0.1:${port}`, PORT: '0' }
  await runCommand(['doctor'], { env: { ...proxy, NO_PROXY: '.yahoo.com' } })
  const fake = await createYahooFake(t)
  fake.quote('AAPL', yahooQuote('AAPL', '196.45'))
  const { stdout } = await runCommand(['doctor'], { env: { ...proxy, YFINANCE_BASE_URL: fake.url } })
  assert.match(stdout, /yfinance returned a price of AAPL/)
  await runCommand(['doctor'], { env: { ...proxy, YFINANCE_BASE_URL: 'https://127.0.0.1:9' } })
  await runCommand(['doctor'], { env: { ...proxy, YFINANCE_BASE_URL: 'https://localhost:9' } })
  assert.deepEqual(connects, [])
})

test('a proxy that is no address is refused with what would be right, without repeating it', async () => {
  const { code, stderr } = await runCommand(['serve'], { env: { HTTPS_PROXY: 'someone:open-sesame@proxy' } })
  assert.equal(code, 78)
  assert.match(stderr, /HTTPS_PROXY=…: must be the address of a proxy: http:\/\/proxy\.example:3128/)
  assert.doesNotMatch(stderr, /sesame/)
})
