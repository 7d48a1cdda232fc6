import type { Socket } from 'node:net'
import { ServiceError } from '../../errors.ts'
import { endWithProblem } from './error-handler.ts'
import type { App } from './app.ts'

/** An idle one costs some 10 KiB and a file descriptor. */
const MAX_CONNECTIONS = 10_000
/** For requests in progress to finish once the server closes. */
const GRACE_MS = 2_000

/**
 * Bounds the number of connections: one beyond the limit gets a problem and is closed. Also bounds the time to close: Node
 * closes idle connections but waits for those that never sent a request, which browsers open in advance; those are cut at
 * once, and all that are still busy after the grace period.
 */
export function limitConnections(app: App, limit = MAX_CONNECTIONS): void {
  const open = new Set<Socket>()
  app.server.on('connection', (socket: Socket) => {
    if (open.size >= limit) {
      endWithProblem(socket, new ServiceError('overloaded', `All ${limit} connections are in use.`))
      // Whatever the other side does: it would be another connection, and an uncounted one.
      socket.destroySoon()
      return
    }
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  app.addHook('preClose', async () => {
    for (const socket of open) if (socket.bytesRead === 0) socket.destroy()
    setTimeout(() => app.server.closeAllConnections(), GRACE_MS).unref()
  })
}
