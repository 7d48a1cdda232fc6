import type { Message, MessagesStream } from '@platformatic/kafka'
import { createNotifier } from '../../lib/notifier.ts'

export type PriceStream = MessagesStream<Buffer, Buffer, Buffer, Buffer>
export type PriceRecord = Message

export type RecordBuffer = {
  /** What has come, at least one message; none only when the signal fires. @throws what ended the stream */
  next(signal: AbortSignal): Promise<readonly PriceRecord[]>
  isEmpty(): boolean
  /** Ends the stream: `next` throws it from then on. */
  fail(error: Error): void
}

const LOOK_AGAIN_MS = 1_000
/** What a batch is at most. Messages of others may be a megabyte each, and a stream counts them without looking. */
const MOST = { records: 5_000, bytes: 8 * 1024 * 1024 }

/**
 * Reads a stream by the batch: the next one gathers while the last is worked on. It always has its listener: one that was
 * added and removed around each wait would make the client believe that nobody reads, and stop fetching.
 */
export function createRecordBuffer(stream: PriceStream): RecordBuffer {
  const pricesStored = createNotifier()
  let gathered: PriceRecord[] = []
  let bytes = 0
  let failure: Error | undefined
  const fail = (error: Error) => {
    failure ??= error
    pricesStored.notify()
  }
  stream.on('error', fail)
  stream.on('close', () => fail(new Error('the stream of messages ended')))
  stream.on('readable', () => {
    gather()
    pricesStored.notify()
  })

  function gather(): void {
    while (gathered.length < MOST.records && bytes < MOST.bytes) {
      const record = stream.read() as PriceRecord | null
      if (record === null) return
      gathered.push(record)
      bytes += sizeOf(record)
    }
  }

  function take(): readonly PriceRecord[] {
    gather()
    const records = gathered
    gathered = []
    bytes = 0
    gather()
    return records
  }

  return {
    next: async (signal) => {
      while (!signal.aborted) {
        if (failure !== undefined) throw failure
        const records = take()
        if (records.length > 0) return records
        await pricesStored.wait(LOOK_AGAIN_MS, signal)
      }
      return []
    },
    isEmpty: () => gathered.length === 0 && stream.readableLength === 0,
    fail,
  }
}

function sizeOf({ key, value, headerEntries }: PriceRecord): number {
  const parts = [key, value, ...headerEntries.flat()]
  return parts.reduce((sum, part) => sum + (part?.length ?? 0), 0)
}
