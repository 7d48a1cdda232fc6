import type { Message, MessagesStream } from '@platformatic/kafka'
import { createNotifier } from '../../lib/notifier.ts'

export type PriceStream = MessagesStream<Buffer, Buffer, Buffer, Buffer>
export type PriceRecord = Message

export type RecordBuffer = {
  /** The messages that have arrived, at least one; none only if the signal fires. @throws what ended the stream */
  next(signal: AbortSignal): Promise<readonly PriceRecord[]>
  isEmpty(): boolean
  /** Ends the stream: `next` throws it from then on. */
  fail(error: Error): void
}

const POLL_MS = 1_000
/** Limits of a batch. Other senders' messages may be a megabyte each, and a stream counts messages only. */
const LIMIT = { records: 5_000, bytes: 8 * 1024 * 1024 }

/**
 * Reads a stream in batches: the next one fills while the last is processed. The stream always has a listener: one that is
 * added and removed around each wait would make the client stop fetching, because it assumes that there is no reader.
 */
export function createRecordBuffer(stream: PriceStream): RecordBuffer {
  const arrivals = createNotifier()
  const batch = createBatch(stream)
  let failure: Error | undefined
  const fail = (error: Error) => {
    failure ??= error
    arrivals.notify()
  }
  stream.on('error', fail)
  stream.on('close', () => fail(new Error('the message stream ended')))
  stream.on('readable', () => {
    batch.fill()
    arrivals.notify()
  })
  return {
    next: async (signal) => {
      while (!signal.aborted) {
        if (failure !== undefined) throw failure
        const records = batch.take()
        if (records.length > 0) return records
        await arrivals.wait(POLL_MS, signal)
      }
      return []
    },
    isEmpty: () => batch.isEmpty() && stream.readableLength === 0,
    fail,
  }
}

/** The batch that is being read from the stream. */
function createBatch(stream: PriceStream) {
  let buffered: PriceRecord[] = []
  let bytes = 0

  function fill(): void {
    while (buffered.length < LIMIT.records && bytes < LIMIT.bytes) {
      const record = stream.read() as PriceRecord | null
      if (record === null) return
      buffered.push(record)
      bytes += sizeOf(record)
    }
  }

  /** Takes what is buffered, and starts the next batch. */
  function take(): readonly PriceRecord[] {
    fill()
    const records = buffered
    buffered = []
    bytes = 0
    fill()
    return records
  }

  return { fill, take, isEmpty: () => buffered.length === 0 }
}

function sizeOf({ key, value, headerEntries }: PriceRecord): number {
  const parts = [key, value, ...headerEntries.flat()]
  return parts.reduce((sum, part) => sum + (part?.length ?? 0), 0)
}
