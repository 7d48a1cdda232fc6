import { Consumer, MessagesStreamFallbackModes, MessagesStreamModes } from '@platformatic/kafka'
import type { KafkaAccess } from './options.ts'
import { withDeadline } from '../../lib/deadline.ts'
import { CLASSIC, type GroupProtocol } from './group-protocol.ts'
import type { PriceStream } from './record-buffer.ts'
import { says, type TopicSpec } from './topics.ts'

/** One that reads with a group; disposed of, it leaves the group. */
export type Member = AsyncDisposable & { readonly consumer: Consumer; readonly stream: PriceStream }

type Needs = { readonly access: KafkaAccess; readonly topic: Pick<TopicSpec, 'name'>; readonly group: string }

const OPEN_MS = 30_000
const CLOSE_MS = 3_000
/** More, and a member that catches up reads one partition after the other. */
const BYTES_PER_PARTITION = 256 * 1024
/** In the client, where they are not measured; our inbox gathers what is ahead. */
const WAITING_RECORDS = 100

/** @throws when nobody lets us in within half a minute, or the signal fires */
export async function joinGroup(needs: Needs, protocol: GroupProtocol, signal: AbortSignal): Promise<Member> {
  const { access, topic, group } = needs
  const consumer = new Consumer({
    ...access,
    ...protocol,
    groupId: group,
    // An end to trying, so that we hear of trouble and begin anew: endless retries can hang in silence.
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
    // A cluster can know the new protocol and have it turned off.
    if (protocol !== CLASSIC && says(error, 'UNSUPPORTED_VERSION')) return joinGroup(needs, CLASSIC, signal)
    throw error
  }
}

function consume(consumer: Consumer, topic: string): Promise<PriceStream> {
  const start = { mode: MessagesStreamModes.COMMITTED, fallbackMode: MessagesStreamFallbackModes.EARLIEST }
  return new Promise((resolve, reject) => {
    consumer.consume({ topics: [topic], ...start }, (error, stream) => {
      if (stream === undefined) return reject(error ?? new Error('no stream'))
      // At once: one that comes when we have given up has no other listener, and its error would end the process.
      stream.on('error', () => {})
      resolve(stream)
    })
  })
}

/** Closes its streams as well. A broker that does not answer must not hold us up. */
async function leaveGroup(consumer: Consumer): Promise<void> {
  endJoining(consumer)
  await withDeadline(consumer.close(true), { ms: CLOSE_MS, what: 'leaving the group' }).catch(() => {})
}

/**
 * The client (2.12.1) takes a join that its closing breaks off for done, finds that it has no member id (null), and joins
 * again, in one call after the other until the stack is full. An empty id is none either, and it does not ask for another.
 */
function endJoining(consumer: Consumer): void {
  let id = consumer.memberId
  Object.defineProperty(consumer, 'memberId', {
    configurable: true,
    get: () => id ?? '',
    set: (now: string | null) => {
      id = now
    },
  })
}
