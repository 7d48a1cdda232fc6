import { Admin, Consumer, MessagesStreamModes, Producer } from '@platformatic/kafka'
import type { KafkaAccess } from '../../src/kafka/client/options.ts'
import { atMinute } from '../core/averages/recorded-prices.ts'

/** A message on a topic, in text. */
export type TopicRecord = {
  readonly partition: number
  readonly offset: bigint
  readonly key: string
  readonly value: string
  readonly headers: Readonly<Record<string, string>>
}

/** Everything that is on a topic now, in the order of each partition, independently of consumer groups. */
export async function readTopic(access: KafkaAccess, topic: string): Promise<TopicRecord[]> {
  return Array.fromAsync(eachRecord(access, topic))
}

/** As `readTopic`, for more than fits into memory. */
export async function* eachRecord(access: KafkaAccess, topic: string): AsyncGenerator<TopicRecord> {
  const consumer = new Consumer({ ...access, groupId: `${topic}.reader.${crypto.randomUUID()}`, autocommit: false })
  const ends = (await consumer.listOffsets({ topics: [topic], timestamp: -1n })).get(topic) ?? []
  let wanted = Number(ends.reduce((sum, end) => sum + end, 0n))
  if (wanted > 0) {
    const stream = await consumer.consume({ topics: [topic], mode: MessagesStreamModes.EARLIEST, maxWaitTime: 100 })
    for await (const { partition, offset, key, value, headerEntries } of stream) {
      const headers = Object.fromEntries(headerEntries.map(([name, text]) => [String(name), String(text)]))
      yield { partition, offset, key: String(key ?? ''), value: String(value ?? ''), headers }
      wanted -= 1
      if (wanted <= 0) break
    }
  }
  await consumer.close(true)
}

/** The value of another sender's message. */
export function priceMessage(members: object): string {
  const price = { symbol: 'AAPL', price: 1, timestamp: atMinute(0), provider: 'told', raw_response_id: '1' }
  return JSON.stringify({ ...price, ...members })
}

/** Sends like any other program: without a key and without headers, each message once. */
export async function sendValues(access: KafkaAccess, topic: string, values: readonly string[]): Promise<void> {
  const producer = new Producer({ ...access, idempotent: true })
  await producer.send({ messages: values.map((value) => ({ topic, partition: 0, value: Buffer.from(value) })) })
  await producer.close()
}

/** How many messages of a topic the group has not committed yet. */
export async function groupLag(access: KafkaAccess, group: string, topic: string): Promise<number> {
  const admin = new Admin(access)
  const partitions = (await admin.metadata({ topics: [topic] })).topics.get(topic)?.partitionsCount ?? 0
  const asked = Array.from({ length: partitions }, (_, partitionIndex) => ({ partitionIndex, timestamp: -1n }))
  const [ends] = await admin.listOffsets({ topics: [{ name: topic, partitions: asked }] })
  const [found] = await admin.listConsumerGroupOffsets({ groups: [group] })
  await admin.close()
  const saved = found?.topics.find(({ name }) => name === topic)?.partitions ?? []
  const savedAt = new Map(saved.map(({ partitionIndex, committedOffset }) => [partitionIndex, committedOffset]))
  const open = (ends?.partitions ?? []).map(
    ({ partitionIndex, offset }) => offset - (savedAt.get(partitionIndex) ?? 0n),
  )
  return Number(open.reduce((sum, count) => sum + count, 0n))
}
