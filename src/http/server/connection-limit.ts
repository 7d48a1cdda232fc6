import type { Socket } from 'node:net'
import { ServiceError } from '../../errors.ts'
import { endWithProblem } from './error-handler.ts'
import type { App } from './app.ts'

export type ConnectionNeeds = { readonly connectionLimit?: number | undefined }

/** Some 10 KiB each while they say nothing, and a file descriptor. */
const MAX_CONNECTIONS = 10_000
/** For requests in hand to be answered once the server closes. */
const GRACE_MS = 2_000

/**
 * Keeps connections bounded: one too many is told so and ended. And keeps closing short: Node ends idle connections by
 * itself but waits for those that never sent a request, and browsers open such ahead of need; those are cut at once, what
 * is still busy after the grace then.
 */
export function keepConnections(app: App, { connectionLimit = MAX_CONNECTIONS }: ConnectionNeeds): void {
  const open = new Set<Socket>()
  app.server.on('connection', (socket: Socket) => {
    if (open.size >= connectionLimit) {
      endWithProblem(socket, new ServiceError('overloaded', `There are ${connectionLimit} connections already.`))
      // Whatever the other side does: it would be one more connection, and nobody counts it.
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
