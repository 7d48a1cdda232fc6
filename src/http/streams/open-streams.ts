import type { Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { ServiceError } from '../../errors.ts'
import type { Caller } from '../access/authorize.ts'

/** The streams that are open: how many there may be, and how they end. */
export type OpenStreams = {
  /**
   * The signal fires when the reader is gone, or when it is to go.
   * @throws ServiceError `overloaded` beyond the limit of all, `rate_limited` beyond that of one key
   */
  add(socket: Socket, caller: Caller): AbortSignal
  /** Cuts off the readers that may read no longer. */
  keepOnly(isAllowed: (caller: Caller) => boolean): void
  /** Readers that take what is left get it; the others are cut off. */
  end(): Promise<void>
}

/** A reader that takes nothing for so long is let go; it may come back to where it was. */
const STALLED_AFTER_MS = 60_000
const GOODBYE_MS = 1_000

export type StreamLimits = { readonly all: number; readonly perKey: number }

type Stream = { readonly caller: Caller; readonly ending: AbortController }

export function createOpenStreams({ all, perKey }: StreamLimits): OpenStreams {
  const open = new Map<Socket, Stream>()

  function assertRoom({ credential }: Caller): void {
    if (open.size >= all) throw new ServiceError('overloaded', `There are ${all} streams already.`)
    if (credential === undefined) return
    const own = open.values().filter(({ caller }) => caller.credential?.keyId === credential.keyId)
    if (own.toArray().length >= perKey)
      throw new ServiceError('rate_limited', `This key has ${perKey} streams already.`)
  }

  return {
    add: (socket, caller) => {
      assertRoom(caller)
      const ending = new AbortController()
      const leave = () => {
        open.delete(socket)
        ending.abort()
      }
      open.set(socket, { caller, ending })
      socket.setTimeout(STALLED_AFTER_MS)
      socket.once('close', leave)
      // It may have gone while the log was asked for its end.
      if (socket.destroyed) leave()
      return ending.signal
    },
    keepOnly: (isAllowed) => {
      for (const [socket, { caller }] of open) if (!isAllowed(caller)) socket.destroy()
    },
    end: async () => {
      for (const { ending } of open.values()) ending.abort()
      const deadline = Date.now() + GOODBYE_MS
      while (open.size > 0 && Date.now() < deadline) await wait(10)
      for (const socket of open.keys()) socket.destroy()
    },
  }
}
