import { compatibilityPartitioner } from '@platformatic/kafka'

/** A message as the client takes it, everything in bytes. Without a partition, the key decides. */
export type OutgoingMessage = {
  readonly key?: Buffer
  readonly value?: Buffer
  readonly headers: Map<Buffer, Buffer>
  readonly partition?: number
}

/** The partition that Java's own producer chooses for the key, so that joins with other applications' topics match. */
export function partitionOf(key: Buffer | undefined, partitions: number): number {
  return compatibilityPartitioner({ topic: '' }, key) % partitions
}

/** The messages of each partition, in their order. */
export function byPartition(
  messages: Iterable<OutgoingMessage>,
  partitions: number,
): Map<number, readonly OutgoingMessage[]> {
  return Map.groupBy(messages, ({ key, partition }) => (partition ?? partitionOf(key, partitions)) % partitions)
}

/** Framing and the batch's own header, rounded up. */
const OVERHEAD_BYTES = 64

/** Cuts messages into chunks of at most `limit` bytes; a larger message is a chunk of its own. */
export function* chunksOf(messages: readonly OutgoingMessage[], limit: number): Generator<OutgoingMessage[]> {
  let chunk: OutgoingMessage[] = []
  let chunkBytes = 0
  for (const message of messages) {
    const bytes = sizeOf(message)
    if (chunk.length > 0 && chunkBytes + bytes > limit) {
      yield chunk
      chunk = []
      chunkBytes = 0
    }
    chunk.push(message)
    chunkBytes += bytes
  }
  if (chunk.length > 0) yield chunk
}

function sizeOf({ key, value, headers }: OutgoingMessage): number {
  let bytes = OVERHEAD_BYTES + (key?.length ?? 0) + (value?.length ?? 0)
  for (const [name, text] of headers) bytes += name.length + text.length
  return bytes
}
