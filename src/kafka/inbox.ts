import type { Message, MessagesStream } from '@platformatic/kafka'
import { createBell } from '../prices/bell.ts'

export type PriceStream = MessagesStream<Buffer, Buffer, Buffer, Buffer>
export type PriceRecord = Message

export type Inbox = {
  /** What has come, at least one message, at most `limit`; none only when the signal fires. @throws what ended the stream */
  next(limit: number, signal: AbortSignal): Promise<readonly PriceRecord[]>
  isEmpty(): boolean
  /** Ends the stream: `next` throws it from then on. */
  fail(error: Error): void
}

const LOOK_AGAIN_MS = 1_000

/**
 * Reads a stream by the batch. It always has its listener: one that was added and removed around each wait would make the
 * client believe that nobody reads, and stop fetching.
 */
export function createInbox(stream: PriceStream): Inbox {
  const news = createBell()
  let failure: Error | undefined
  const fail = (error: Error) => {
    failure ??= error
    news.ring()
  }
  stream.on('readable', news.ring)
  stream.on('error', fail)
  stream.on('close', () => fail(new Error('the stream of messages ended')))

  function take(limit: number): PriceRecord[] {
    const records: PriceRecord[] = []
    while (records.length < limit) {
      const record = stream.read() as PriceRecord | null
      if (record === null) break
      records.push(record)
    }
    return records
  }

  return {
    next: async (limit, signal) => {
      while (!signal.aborted) {
        if (failure !== undefined) throw failure
        const records = take(limit)
        if (records.length > 0) return records
        await news.wait(LOOK_AGAIN_MS, signal)
      }
      return []
    },
    isEmpty: () => stream.readableLength === 0,
    fail,
  }
}
