import type { Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { ServiceError } from '../errors.ts'

/** The streams that are open: how many there may be, and how they end. */
export type OpenStreams = {
  /**
   * The signal fires when the reader is gone, or when it is to go.
   * @throws ServiceError `overloaded` beyond the limit
   */
  add(socket: Socket): AbortSignal
  /** Readers that take what is left get it; the others are cut off. */
  end(): Promise<void>
}

/** A reader that takes nothing for so long is let go; it may come back to where it was. */
const STALLED_AFTER_MS = 60_000
const GOODBYE_MS = 1_000

export function createOpenStreams(limit: number): OpenStreams {
  const open = new Map<Socket, AbortController>()
  return {
    add: (socket) => {
      if (open.size >= limit) throw new ServiceError('overloaded', `There are ${limit} streams already.`)
      const ending = new AbortController()
      const leave = () => {
        open.delete(socket)
        ending.abort()
      }
      open.set(socket, ending)
      socket.setTimeout(STALLED_AFTER_MS)
      socket.once('close', leave)
      // It may have gone while the log was asked for its end.
      if (socket.destroyed) leave()
      return ending.signal
    },
    end: async () => {
      for (const ending of open.values()) ending.abort()
      const deadline = Date.now() + GOODBYE_MS
      while (open.size > 0 && Date.now() < deadline) await wait(10)
      for (const socket of open.keys()) socket.destroy()
    },
  }
}
