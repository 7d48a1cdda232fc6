import { existsSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { after, type TestContext } from 'node:test'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'

const PLACES = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const executablePath = PLACES.find((place) => place !== undefined && existsSync(place))

/** Why the tests of the page cannot run here; in CI they have to. */
export const skip =
  executablePath === undefined && process.env['CI'] !== 'true' && 'no Chromium here: apt-get install chromium'

let browser: Promise<Browser> | undefined
after(async () => (await browser)?.close())

export function openBrowser(): Promise<Browser> {
  if (executablePath === undefined) throw new Error('CI has no Chromium: apt-get install chromium')
  browser ??= chromium.launch({ executablePath })
  return browser
}

/** A page of a person who was never here; it fails the test for what the browser complains about. */
export async function openPage(t: TestContext, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await (await openBrowser()).newContext({ reducedMotion: 'reduce', ...options })
  t.after(() => context.close())
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  page.on('pageerror', (error) => t.diagnostic(`page: ${error.stack}`))
  return page
}

/** A way to the service that can be shut, as if the service had stopped, and opened again at the same address. */
export async function createDoor(t: TestContext, address: string) {
  const { hostname, port } = new URL(address)
  const sockets = new Set<Socket>()
  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    return socket
  }
  const server = createServer((inside) => {
    const outside = keep(connect(Number(port), hostname))
    keep(inside).pipe(outside).pipe(inside)
  })
  const open = (at: number) => new Promise<void>((resolve) => void server.listen(at, '127.0.0.1', resolve))
  const shut = () => {
    const closed = new Promise((resolve) => void server.close(resolve))
    for (const socket of sockets) socket.destroy()
    return closed
  }
  await open(0)
  const { port: own } = server.address() as AddressInfo
  t.after(shut)
  return { address: `http://127.0.0.1:${own}`, shut, reopen: () => open(own) }
}
