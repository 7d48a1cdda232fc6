import type { Socket } from 'node:net'
import { ServiceError } from '../../errors.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Caller } from '../access/authorize.ts'

/** The open streams: how many there may be, and how they end. */
export type OpenStreams = {
  /**
   * The signal fires when the reader has disconnected, or should.
   * @throws ServiceError `overloaded` beyond the limit for all readers, `rate_limited` beyond that of one key
   */
  add(socket: Socket, caller: Caller): AbortSignal
  /** Disconnects the readers that are no longer allowed. */
  keepOnly(isAllowed: (caller: Caller) => boolean): void
  /** Ends all streams: readers get what is already being sent, and those that do not take it are disconnected. */
  end(): Promise<void>
}

/** A reader that takes nothing for this long is disconnected. It can resume where it was. */
const STALLED_AFTER_MS = 60_000
/** For readers to take what is already being sent, when all streams end. */
const GOODBYE_MS = 1_000

export type StreamLimits = { readonly all: number; readonly perKey: number }

type Stream = { readonly caller: Caller; readonly ending: AbortController }

export function createOpenStreams({ all, perKey }: StreamLimits, clock: Clock): OpenStreams {
  const open = new Map<Socket, Stream>()
  let onLast: (() => void) | undefined

  function assertCapacity({ credential }: Caller): void {
    if (open.size >= all) throw new ServiceError('overloaded', `All ${all} streams are in use.`)
    if (credential === undefined) return
    const own = open.values().filter(({ caller }) => caller.credential?.keyId === credential.keyId)
    if (own.toArray().length >= perKey)
      throw new ServiceError('rate_limited', `All ${perKey} streams of this key are in use.`)
  }

  function add(socket: Socket, caller: Caller): AbortSignal {
    assertCapacity(caller)
    const ending = new AbortController()
    const leave = () => {
      open.delete(socket)
      ending.abort()
      if (open.size === 0) onLast?.()
    }
    open.set(socket, { caller, ending })
    socket.setTimeout(STALLED_AFTER_MS)
    socket.once('close', leave)
    // It may have disconnected while the end of the log was read.
    if (socket.destroyed) leave()
    return ending.signal
  }

  async function end(): Promise<void> {
    const allGone = new AbortController()
    onLast = () => allGone.abort()
    for (const { ending } of open.values()) ending.abort()
    if (open.size > 0) await clock.sleep(GOODBYE_MS, allGone.signal)
    for (const socket of open.keys()) socket.destroy()
  }

  return {
    add,
    end,
    keepOnly: (isAllowed) => {
      for (const [socket, { caller }] of open) if (!isAllowed(caller)) socket.destroy()
    },
  }
}
