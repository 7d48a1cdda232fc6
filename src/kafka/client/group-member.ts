import { Consumer, MessagesStreamFallbackModes, MessagesStreamModes } from '@platformatic/kafka'
import type { KafkaAccess } from './options.ts'
import { isDoneInTime, withDeadline } from '../../lib/deadline.ts'
import { hasBrokerError } from './errors.ts'
import { CLASSIC, type GroupProtocol } from './group-protocol.ts'
import type { PriceStream } from './record-buffer.ts'
import type { TopicSpec } from './topics.ts'

/** A member of a consumer group; disposing of it leaves the group. */
export type Member = AsyncDisposable & { readonly consumer: Consumer; readonly stream: PriceStream }

type Needs = { readonly access: KafkaAccess; readonly topic: Pick<TopicSpec, 'name'>; readonly group: string }

const OPEN_MS = 30_000
const CLOSE_MS = 3_000
/** With more, a member that catches up reads one partition after the other. */
const BYTES_PER_PARTITION = 256 * 1024
/** In the client, which does not count their bytes; our record buffer does, and holds what is read ahead. */
const WAITING_RECORDS = 100

/** Joins the group. @throws if that takes longer than half a minute, or the signal fires */
export async function joinGroup(needs: Needs, protocol: GroupProtocol, signal: AbortSignal): Promise<Member> {
  const { access, topic, group } = needs
  const consumer = new Consumer({
    ...access,
    ...protocol,
    groupId: group,
    // Limited, so that failures reach us and we start again: with endless retries the client can hang silently.
    retries: 3,
    autocommit: false,
    maxWaitTime: 500,
    maxBytesPerPartition: BYTES_PER_PARTITION,
    highWaterMark: WAITING_RECORDS,
  })
  try {
    const stream = await withDeadline(consume(consumer, topic.name), { ms: OPEN_MS, what: `joining ${group}`, signal })
    return { consumer, stream, [Symbol.asyncDispose]: () => leaveGroup(consumer) }
  } catch (error) {
    await leaveGroup(consumer)
    // A cluster can support the new protocol and have it disabled.
    if (protocol !== CLASSIC && hasBrokerError(error, 'UNSUPPORTED_VERSION')) return joinGroup(needs, CLASSIC, signal)
    throw error
  }
}

function consume(consumer: Consumer, topic: string): Promise<PriceStream> {
  const start = { mode: MessagesStreamModes.COMMITTED, fallbackMode: MessagesStreamFallbackModes.EARLIEST }
  return new Promise((resolve, reject) => {
    consumer.consume({ topics: [topic], ...start }, (error, stream) => {
      if (stream === undefined) return reject(error ?? new Error('no stream'))
      // At once: a stream that opens after our deadline has no other listener, and its error would end the process.
      stream.on('error', () => {})
      resolve(stream)
    })
  })
}

/** Also closes its streams. A broker that does not answer must not delay us. */
async function leaveGroup(consumer: Consumer): Promise<void> {
  preventRejoin(consumer)
  await isDoneInTime(consumer.close(true), { ms: CLOSE_MS, what: 'leaving the group' }).catch(() => {})
}

/**
 * Works around a defect of @platformatic/kafka 2.12.1: if closing interrupts a join, the client treats the join as done,
 * finds no member id (null), and joins again, recursively until the stack overflows. It does not rejoin for an empty id.
 * https://github.com/platformatic/kafka/pull/381, which 2.12.1 contains, limits joins that fail, not this one. Can go once
 * test/kafka/client/group-member.test.ts passes without it.
 */
function preventRejoin(consumer: Consumer): void {
  let id = consumer.memberId
  Object.defineProperty(consumer, 'memberId', {
    configurable: true,
    get: () => id ?? '',
    set: (value: string | null) => {
      id = value
    },
  })
}
