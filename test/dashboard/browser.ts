import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { after, type TestContext } from 'node:test'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { chromiumArguments as args, chromiumPath as executablePath } from '../support/chromium.ts'

/** Why the tests of the page are skipped on this machine; in CI they must run. */
export const skip =
  executablePath === undefined && process.env['CI'] !== 'true' && 'Chromium is not installed: apt-get install chromium'

let browser: Promise<Browser> | undefined
after(async () => (await browser)?.close())

export function openBrowser(): Promise<Browser> {
  if (executablePath === undefined) throw new Error('Chromium is not installed: apt-get install chromium')
  browser ??= chromium.launch({ executablePath, args })
  return browser
}

/** A page in a new browser profile. Its uncaught errors are reported with the test. */
export async function openPage(t: TestContext, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await (await openBrowser()).newContext({ reducedMotion: 'reduce', ...options })
  t.after(() => context.close())
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  page.on('pageerror', (error) => t.diagnostic(`page: ${error.stack}`))
  return page
}

/** A TCP proxy to the service that can be closed, as if the service had stopped, and reopened at the same address. */
export async function createTcpProxy(t: TestContext, address: string) {
  const { hostname, port } = new URL(address)
  const sockets = new Set<Socket>()
  const track = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    return socket
  }
  const server = createServer((inside) => {
    const outside = track(connect(Number(port), hostname))
    track(inside).pipe(outside).pipe(inside)
  })
  const open = (at: number) => new Promise<void>((resolve) => void server.listen(at, '127.0.0.1', resolve))
  const close = () => {
    const closed = new Promise((resolve) => void server.close(resolve))
    for (const socket of sockets) socket.destroy()
    return closed
  }
  await open(0)
  const { port: own } = server.address() as AddressInfo
  t.after(close)
  return { address: `http://127.0.0.1:${own}`, close, reopen: () => open(own) }
}
