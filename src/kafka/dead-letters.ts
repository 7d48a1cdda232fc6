import { repeatUntilAborted } from '../lib/retry.ts'
import type { Clock } from '../lib/clock.ts'
import type { FindPrices } from '../core/events/price-reference.ts'
import type { DeadLetterAdmin, StoredDeadLetter, UnsentDeadLetters } from '../core/events/dead-letter.ts'
import type { Affected } from '../core/log/entry.ts'
import type { OutgoingMessage } from './client/publisher.ts'
import type { Fault } from './message.ts'
import type { Publisher } from './client/publisher.ts'
import { resolveMessages } from './process-batch.ts'
import type { TopicSpec } from './client/topics.ts'

/** Where dead letters of a topic go. A letter is as large as its message, and has more headers. */
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
/** Longer than Kafka takes; who has died by then is followed by another. */
const CLAIM_SECONDS = 60
const LOOK_EVERY_MS = 1_000

/** Tells the dead letter topic of the letters in the table: each at least once, by whichever process comes first. */
export function createDeadLetterSender(needs: SenderNeeds): { run(signal: AbortSignal): Promise<void> } {
  const { unsent, publisher, clock } = needs
  const step = async (signal: AbortSignal) => {
    const letters = await unsent.claim(BATCH, CLAIM_SECONDS)
    if (letters.length === 0) return clock.sleep(LOOK_EVERY_MS, signal)
    await publisher.publish(letters.map(toDeadLetterMessage), signal)
    await unsent.markSent(letters.map(({ id }) => id))
  }
  return { run: (signal) => repeatUntilAborted(needs, signal, () => step(signal)) }
}

/** As Kafka Connect writes them, so that existing tools read ours: the message untouched, and its story in headers. */
function toDeadLetterMessage(letter: StoredDeadLetter): OutgoingMessage {
  const { key, value } = letter
  const own = letter.headers.map(([name, bytes]) => [Buffer.from(name), Buffer.from(bytes ?? [])] as const)
  const story = Object.entries(storyOf(letter)).map(([name, text]) => [Buffer.from(name), Buffer.from(text)] as const)
  return {
    ...(key && { key: Buffer.from(key) }),
    ...(value && { value: Buffer.from(value) }),
    headers: new Map([...own, ...story]),
    partition: letter.partition,
  }
}

/** Where the topic takes no message of that size: its story alone, and how long the rest was. The table has it whole. */
export function withoutBody({ key, value, headers, partition }: OutgoingMessage): OutgoingMessage {
  const story = [...headers].filter(([name]) => STORY.test(String(name)))
  const bytes = (key?.length ?? 0) + (value?.length ?? 0)
  const omitted = [Buffer.from('mds.omitted_bytes'), Buffer.from(String(bytes))] as const
  return { headers: new Map([...story, omitted]), ...(partition !== undefined && { partition }) }
}

const STORY = /^(?:__connect\.errors\.|id$|mds\.attempts$)/

function storyOf(letter: StoredDeadLetter): Record<string, string> {
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
  readonly resolve: FindPrices
  readonly handle: (affected: readonly Affected[]) => Promise<unknown>
}

/**
 * Tries a letter again, as if it had just been read, and closes it where that works.
 * @returns what is still wrong; undefined if nothing is
 * @throws ServiceError `not_found`
 */
export async function retryDeadLetter({ admin, resolve, handle }: RetryNeeds, id: string): Promise<Fault | undefined> {
  const { value, headers } = await admin.find(id)
  const message = {
    value: value && Buffer.from(value),
    headers: headers.map(([name, bytes]) => [Buffer.from(name), bytes && Buffer.from(bytes)] as const),
  }
  const [decision] = await resolveMessages(resolve, [message])
  if (decision === undefined) return undefined
  if ('fault' in decision) {
    await admin.noteFailure(id, decision.fault)
    return decision.fault
  }
  await handle(decision.affected)
  await admin.resolve(id, 'retried')
}
