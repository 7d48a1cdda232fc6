import type { StoredDeadLetter } from '../core/events/dead-letter.ts'

/** Key, value and headers are bytes; they are shown as UTF-8, as Kafka's own tools do. */
export function deadLetterBody(letter: StoredDeadLetter) {
  return {
    id: letter.id,
    topic: letter.topic,
    partition: letter.partition,
    offset: letter.offset,
    reason: letter.reason,
    detail: letter.detail,
    attempts: letter.attempts,
    consumer_group: letter.consumerGroup,
    created_at: letter.createdAt,
    sent_at: letter.sentAt,
    resolution: letter.resolution,
    resolved_at: letter.resolvedAt,
    key: textOf(letter.key),
    value: textOf(letter.value),
    headers: letter.headers.map(([name, value]) => [name, textOf(value)]),
  }
}

function textOf(bytes: Uint8Array | null): string | null {
  return bytes && Buffer.from(bytes).toString('utf8')
}
