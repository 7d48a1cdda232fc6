import { compatibilityPartitioner, ProduceAcks, Producer } from '@platformatic/kafka'
import type { Clock } from '../../lib/clock.ts'
import type { KafkaAccess } from './options.ts'
import { withDeadline } from '../../lib/deadline.ts'
import { ensureTopic, says, type TopicSpec } from './topics.ts'

/** A message as the client takes it, everything in bytes. Without a partition, the key decides. */
export type OutgoingMessage = {
  readonly key?: Buffer
  readonly value?: Buffer
  readonly headers: Map<Buffer, Buffer>
  readonly partition?: number
}

type Needs = {
  readonly access: KafkaAccess
  readonly topic: TopicSpec
  readonly clock: Clock
  readonly onError?: (error: unknown) => void
  /** What goes in place of a message that the topic takes under no circumstances; without it, we wait for a larger limit. */
  readonly shorten?: (message: OutgoingMessage) => OutgoingMessage
  /** Hears of each call of `publish` that came to its end. */
  readonly onWorking?: () => void
}

export type Publisher = AsyncDisposable & {
  /**
   * Resolves once every message is on the topic, with all replicas that are in sync. Tries for ever; what was tried may
   * be there twice, and the first occurrences of a key keep their order. One call at a time.
   * @throws the signal's reason
   */
  publish(messages: readonly OutgoingMessage[], signal: AbortSignal): Promise<void>
  /** What is wrong, while something is. */
  failure(): unknown
}

/** With endless retries a send has no end of its own: one that hung longer is given up, with its producer. */
const SEND_MS = 15_000
const CLOSE_MS = 5_000
const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 2_000
/** Brokers refuse a batch above 1 MiB by default. */
const CHUNK_BYTES = 512 * 1024

/**
 * An idempotent producer that is thrown away and made anew whenever something is wrong with it. One partition per send,
 * because a send that mixes partitions can hang for ever when their leader dies; one send in flight per partition, because
 * a retry could overtake a later send.
 */
export function createPublisher({ access, topic, clock, onError, onWorking, shorten }: Needs): Publisher {
  let producer: Producer | undefined
  let chunkBytes = CHUNK_BYTES
  let failure: unknown

  async function attempt(unsent: Set<OutgoingMessage>, signal: AbortSignal): Promise<void> {
    const limit = { ms: SEND_MS, what: 'Kafka', signal }
    producer ??= await withDeadline(openProducer(access, topic, signal), limit)
    const current = producer
    const partitions = await withDeadline(countPartitions(current, topic.name), limit)
    const send = async ([partition, lane]: [number, OutgoingMessage[]]) => {
      for (const chunk of chunksOf(lane, chunkBytes)) {
        const messages = chunk.map((message) => ({ ...message, topic: topic.name, partition }))
        await withDeadline(current.send({ messages }), limit).catch((error: unknown) => {
          if (isTooLarge(error)) makeSmaller(chunk, unsent)
          throw error
        })
        for (const message of chunk) unsent.delete(message)
      }
    }
    const sends = await Promise.allSettled([...lanesOf(unsent, partitions)].map(send))
    const failed = sends.find((one) => one.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  function makeSmaller(chunk: readonly OutgoingMessage[], unsent: Set<OutgoingMessage>): void {
    const [message, ...others] = chunk
    if (others.length > 0) chunkBytes = Math.ceil(chunkBytes / 2)
    else if (message && shorten && unsent.delete(message)) unsent.add(shorten(message))
  }

  async function giveUp(error: unknown): Promise<void> {
    failure = error
    onError?.(error)
    await close()
  }

  async function close(): Promise<void> {
    const closing = producer?.close(true) ?? Promise.resolve()
    producer = undefined
    await withDeadline(closing, { ms: CLOSE_MS, what: 'closing' }).catch(() => {})
  }

  return {
    publish: async (messages, signal) => {
      const unsent = new Set(messages)
      for (let waitMs = FIRST_WAIT_MS; unsent.size > 0; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
        signal.throwIfAborted()
        try {
          await attempt(unsent, signal)
          failure = undefined
          onWorking?.()
        } catch (error) {
          if (signal.aborted) throw error
          await giveUp(error)
          await clock.sleep(waitMs, signal)
        }
      }
    },
    failure: () => failure,
    [Symbol.asyncDispose]: close,
  }
}

function isTooLarge(error: unknown): boolean {
  return says(error, 'MESSAGE_TOO_LARGE') || says(error, 'RECORD_LIST_TOO_LARGE')
}

/** Whenever we start again the topic may be another one, or gone: brokers get wiped. */
async function openProducer(access: KafkaAccess, spec: TopicSpec, signal: AbortSignal): Promise<Producer> {
  await ensureTopic(access, spec, signal)
  return new Producer({ ...access, idempotent: true, acks: ProduceAcks.ALL })
}

/** The client remembers the answer for some seconds. */
async function countPartitions(producer: Producer, topic: string): Promise<number> {
  const { topics } = await producer.metadata({ topics: [topic] })
  return topics.get(topic)?.partitionsCount ?? 1
}

function lanesOf(messages: Iterable<OutgoingMessage>, partitions: number): Map<number, OutgoingMessage[]> {
  return Map.groupBy(messages, ({ key, partition }) => (partition ?? partitionOf(key, partitions)) % partitions)
}

/** Where Java's own producer puts the key, so that others' tables and streams find their partners. */
export function partitionOf(key: Buffer | undefined, partitions: number): number {
  return compatibilityPartitioner({ topic: '' }, key) % partitions
}

/** Framing and the batch's own head, generously. */
const OVERHEAD_BYTES = 64

function* chunksOf(messages: readonly OutgoingMessage[], limit: number): Generator<OutgoingMessage[]> {
  let [chunk, size]: [OutgoingMessage[], number] = [[], 0]
  for (const message of messages) {
    const bytes = sizeOf(message)
    if (chunk.length > 0 && size + bytes > limit) {
      yield chunk
      ;[chunk, size] = [[], 0]
    }
    chunk.push(message)
    size += bytes
  }
  if (chunk.length > 0) yield chunk
}

function sizeOf({ key, value, headers }: OutgoingMessage): number {
  let bytes = OVERHEAD_BYTES + (key?.length ?? 0) + (value?.length ?? 0)
  for (const [name, text] of headers) bytes += name.length + text.length
  return bytes
}
