import type { Socket } from 'node:net'

/**
 * Makes a socket send everything that is written within one tick at once: the statements of a pipeline. TLS bypasses it.
 * The pipeline mode of `pg` 8.23 (https://github.com/brianc/node-postgres/pull/3534) corks the socket for each statement
 * only. A version that corks it for the pipeline makes this unnecessary: then the test of three round trips in
 * test/postgres/connection/transaction.test.ts passes without it.
 */
export function batching(socket: Socket): Socket {
  const write = socket.write.bind(socket)
  let isCorked = false
  const send = () => {
    isCorked = false
    socket.uncork()
  }
  const batched = (...chunk: Parameters<typeof write>) => {
    if (!isCorked) {
      isCorked = true
      socket.cork()
      process.nextTick(send)
    }
    return write(...chunk)
  }
  return Object.assign(socket, { write: batched as typeof write })
}
