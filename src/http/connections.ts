import type { Socket } from 'node:net'
import type { App } from './app.ts'

/** For requests in hand to be answered once the server closes. */
const GRACE_MS = 2_000

/**
 * Keeps closing short. Node ends idle connections by itself but waits for those that never sent a request, and browsers
 * open such ahead of need; those are cut at once, what is still busy after the grace then.
 */
export function endConnections(app: App): void {
  const open = new Set<Socket>()
  app.server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  app.addHook('preClose', async () => {
    for (const socket of open) if (socket.bytesRead === 0) socket.destroy()
    setTimeout(() => app.server.closeAllConnections(), GRACE_MS).unref()
  })
}
