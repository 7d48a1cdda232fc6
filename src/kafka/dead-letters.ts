import { repeatUntilAborted } from '../lib/retry.ts'
import type { Clock } from '../lib/clock.ts'
import type { FindPrices } from '../core/events/price-reference.ts'
import type { DeadLetterAdmin, StoredDeadLetter, UnsentDeadLetters } from '../core/events/dead-letter.ts'
import type { Affected } from '../core/log/entry.ts'
import type { OutgoingMessage } from './client/outgoing.ts'
import type { Fault } from './message.ts'
import type { Publisher } from './client/publisher.ts'
import { resolveMessages } from './process-batch.ts'
import type { TopicSpec } from './client/topics.ts'

/** The topic for dead letters of a topic. A dead letter is as large as its message, plus headers. */
export function deadLetterTopic({ name, replication }: TopicSpec): TopicSpec {
  const settings = { 'max.message.bytes': String(2 * 1024 * 1024) }
  return { name: `${name}-dlt`, partitions: undefined, replication, settings }
}

type SenderNeeds = {
  readonly unsent: UnsentDeadLetters
  readonly publisher: Publisher
  readonly clock: Clock
  readonly onError?: (error: unknown) => void
}

/** Each may be a megabyte. */
const BATCH = 20
/** Longer than Kafka takes; if this process dies, another one claims them after that. */
const CLAIM_SECONDS = 60
const POLL_MS = 1_000

/** Publishes the dead letters in the table to their topic: each at least once, by whichever process claims it first. */
export function createDeadLetterSender(needs: SenderNeeds): { run(signal: AbortSignal): Promise<void> } {
  const { unsent, publisher, clock } = needs
  const step = async (signal: AbortSignal) => {
    const letters = await unsent.claim(BATCH, CLAIM_SECONDS)
    if (letters.length === 0) return clock.sleep(POLL_MS, signal)
    await publisher.publish(letters.map(toDeadLetterMessage), signal)
    await unsent.markSent(letters.map(({ id }) => id))
  }
  return { run: (signal) => repeatUntilAborted(needs, signal, () => step(signal)) }
}

/** In the format of Kafka Connect, which existing tools read: the original message, with the failure in headers. */
function toDeadLetterMessage(letter: StoredDeadLetter): OutgoingMessage {
  const { key, value } = letter
  const own = letter.headers.map(([name, bytes]) => [Buffer.from(name), Buffer.from(bytes ?? [])] as const)
  const failure = Object.entries(failureHeaders(letter)).map(
    ([name, text]) => [Buffer.from(name), Buffer.from(text)] as const,
  )
  return {
    ...(key && { key: Buffer.from(key) }),
    ...(value && { value: Buffer.from(value) }),
    headers: new Map([...own, ...failure]),
    partition: letter.partition,
  }
}

/** For a message that is too large for the topic: its failure headers, and how many bytes were omitted. The table has all. */
export function withoutBody({ key, value, headers, partition }: OutgoingMessage): OutgoingMessage {
  const failure = [...headers].filter(([name]) => FAILURE_HEADER.test(String(name)))
  const bytes = (key?.length ?? 0) + (value?.length ?? 0)
  const omitted = [Buffer.from('mds.omitted_bytes'), Buffer.from(String(bytes))] as const
  return { headers: new Map([...failure, omitted]), ...(partition !== undefined && { partition }) }
}

const FAILURE_HEADER = /^(?:__connect\.errors\.|id$|mds\.attempts$)/

function failureHeaders(letter: StoredDeadLetter): Record<string, string> {
  return {
    '__connect.errors.topic': letter.topic,
    '__connect.errors.partition': String(letter.partition),
    '__connect.errors.offset': letter.offset,
    '__connect.errors.connector.name': letter.consumerGroup,
    '__connect.errors.task.id': '0',
    '__connect.errors.stage': 'VALUE_CONVERTER',
    '__connect.errors.class.name': 'market-data',
    '__connect.errors.exception.class.name': letter.reason,
    '__connect.errors.exception.message': letter.detail,
    id: letter.id,
    'mds.attempts': String(letter.attempts),
  }
}

type RetryNeeds = {
  readonly admin: DeadLetterAdmin
  readonly findPrices: FindPrices
  readonly recompute: (affected: readonly Affected[]) => Promise<unknown>
}

/**
 * Processes a dead letter again, as if it had just been read, and closes it if that succeeds.
 * @returns what is still wrong; undefined on success
 * @throws ServiceError `not_found`
 */
export async function retryDeadLetter(
  { admin, findPrices, recompute }: RetryNeeds,
  id: string,
): Promise<Fault | undefined> {
  const { value, headers } = await admin.find(id)
  const message = {
    value: value && Buffer.from(value),
    headers: headers.map(([name, bytes]) => [Buffer.from(name), bytes && Buffer.from(bytes)] as const),
  }
  const [resolved] = await resolveMessages(findPrices, [message])
  if (resolved === undefined) return undefined
  if ('fault' in resolved) {
    await admin.noteFailure(id, resolved.fault)
    return resolved.fault
  }
  await recompute(resolved.affected)
  await admin.resolve(id, 'retried')
}
