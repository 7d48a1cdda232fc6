import { ProduceAcks, Producer } from '@platformatic/kafka'
import type { Clock } from '../../lib/clock.ts'
import { isDoneInTime, withDeadline } from '../../lib/deadline.ts'
import { retryUntilDone } from '../../lib/retry.ts'
import { hasBrokerError } from './errors.ts'
import type { KafkaAccess } from './options.ts'
import { byPartition, chunksOf, type OutgoingMessage } from './outgoing.ts'
import { ensureTopic, type TopicSpec } from './topics.ts'

type Needs = {
  readonly access: KafkaAccess
  readonly topic: TopicSpec
  readonly clock: Clock
  /** Called after each failed try. */
  readonly onError?: (error: unknown) => void
  /** Called after each successful try. */
  readonly onWorking?: () => void
  /** Replaces a message that is too large for the topic; without it, the publisher retries until the limit is raised. */
  readonly shorten?: (message: OutgoingMessage) => OutgoingMessage
}

export type Publisher = AsyncDisposable & {
  /**
   * Resolves once every message is on the topic, acknowledged by all in-sync replicas. Retries forever; after a retry some
   * messages may be there twice, and the first occurrences of each key keep their order. One call at a time.
   * @throws the signal's reason
   */
  publish(messages: readonly OutgoingMessage[], signal: AbortSignal): Promise<void>
}

const LONGEST_WAIT_MS = 2_000

/** An idempotent producer that is discarded and replaced after every failure. */
export function createPublisher(needs: Needs): Publisher {
  const { clock, onError, onWorking } = needs
  const connection = createConnection(needs)
  const sizing: Sizing = { chunkBytes: CHUNK_BYTES, shorten: needs.shorten }

  async function attempt(unsent: Set<OutgoingMessage>, signal: AbortSignal): Promise<void> {
    try {
      await sendAll(await connection.open(signal), { unsent, sizing, topic: needs.topic.name }, signal)
    } catch (error) {
      if (!signal.aborted) await connection.close()
      throw error
    }
    onWorking?.()
  }

  return {
    publish: async (messages, signal) => {
      if (messages.length === 0) return
      const unsent = new Set(messages)
      await retryUntilDone({ clock, onError, longestWaitMs: LONGEST_WAIT_MS }, signal, () => attempt(unsent, signal))
      if (unsent.size > 0) signal.throwIfAborted()
    },
    [Symbol.asyncDispose]: connection.close,
  }
}

const CLOSE_MS = 5_000

/** Opens a producer when one is needed, and closes it. */
function createConnection({ access, topic, clock }: Needs) {
  let producer: Producer | undefined
  return {
    /** On each start the topic may be another one, or missing: brokers get wiped. */
    open: async (signal: AbortSignal): Promise<Producer> => {
      if (producer !== undefined) return producer
      await ensureTopic(access, topic, { signal, clock })
      producer = new Producer({ ...access, idempotent: true, acks: ProduceAcks.ALL })
      return producer
    },
    close: async (): Promise<void> => {
      const closing = producer?.close(true) ?? Promise.resolve()
      producer = undefined
      await isDoneInTime(closing, { ms: CLOSE_MS, what: 'closing the producer' }).catch(() => {})
    },
  }
}

/** The client retries forever, so a send has no timeout of its own: one that hangs this long is abandoned. */
const SEND_MS = 15_000
/** Brokers reject a batch above 1 MiB by default. */
const CHUNK_BYTES = 512 * 1024

type Sizing = { chunkBytes: number; readonly shorten: Needs['shorten'] }

type Delivery = {
  /** Loses each message that was acknowledged. */
  readonly unsent: Set<OutgoingMessage>
  readonly sizing: Sizing
  readonly topic: string
}

/**
 * One partition per send, because a send that mixes partitions can hang forever when their leader dies; one send in flight
 * per partition, because a retry could overtake a later send.
 */
async function sendAll(producer: Producer, delivery: Delivery, signal: AbortSignal): Promise<void> {
  const limit = { ms: SEND_MS, what: 'Kafka', signal }
  const partitions = await withDeadline(countPartitions(producer, delivery.topic), limit)

  async function sendPartition([partition, messages]: [number, readonly OutgoingMessage[]]): Promise<void> {
    for (const chunk of chunksOf(messages, delivery.sizing.chunkBytes)) {
      const outgoing = chunk.map((message) => ({ ...message, topic: delivery.topic, partition }))
      await withDeadline(producer.send({ messages: outgoing }), limit).catch((error: unknown) => {
        if (isTooLarge(error)) makeSmaller(delivery, chunk)
        throw error
      })
      for (const message of chunk) delivery.unsent.delete(message)
    }
  }

  const sends = await Promise.allSettled([...byPartition(delivery.unsent, partitions)].map(sendPartition))
  const failed = sends.find((send) => send.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

/** The client caches the answer for a few seconds. */
async function countPartitions(producer: Producer, topic: string): Promise<number> {
  const { topics } = await producer.metadata({ topics: [topic] })
  return topics.get(topic)?.partitionsCount ?? 1
}

function isTooLarge(error: unknown): boolean {
  return hasBrokerError(error, 'MESSAGE_TOO_LARGE') || hasBrokerError(error, 'RECORD_LIST_TOO_LARGE')
}

/** Halves the chunks of the next try; a single message that is too large is shortened. */
function makeSmaller({ sizing, unsent }: Delivery, chunk: readonly OutgoingMessage[]): void {
  const [message, ...others] = chunk
  if (others.length > 0) sizing.chunkBytes = Math.ceil(sizing.chunkBytes / 2)
  else if (message && sizing.shorten && unsent.delete(message)) unsent.add(sizing.shorten(message))
}
