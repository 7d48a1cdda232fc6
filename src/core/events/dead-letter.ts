import type { Instant } from '../../lib/instant.ts'

/** Why a message can never be processed, however often it is retried. */
export type DeadLetterReason = 'not_json' | 'wrong_fields' | 'hash_mismatch' | 'unknown_series' | 'unknown_price'

/** A message that cannot be processed, byte for byte as it was read, and why. */
export type DeadLetter = {
  readonly topic: string
  /** Distinguishes a topic that was deleted and created again. */
  readonly topicId: string
  readonly partition: number
  readonly offset: string
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly (readonly [name: string, value: Uint8Array | null])[]
  readonly reason: DeadLetterReason
  /** The reason in a sentence. */
  readonly detail: string
  readonly consumerGroup: string
}

export type StoredDeadLetter = DeadLetter & {
  readonly id: string
  /** How often it was tried, including manual retries. */
  readonly attempts: number
  readonly createdAt: Instant
  /** When it was last published to the dead letter topic. */
  readonly sentAt: Instant | null
  /** Null until an operator has retried or dropped it. */
  readonly resolution: 'retried' | 'dropped' | null
  readonly resolvedAt: Instant | null
}

/** Stores each dead letter once, however often it is read. */
export type StoreDeadLetters = (letters: readonly DeadLetter[]) => Promise<void>

/** The dead letters that are not yet on the dead letter topic. */
export type UnsentDeadLetters = {
  /** Claims letters that were never sent, for that many seconds: until then other processes get different ones. */
  claim(limit: number, seconds: number): Promise<readonly StoredDeadLetter[]>
  markSent(ids: readonly string[]): Promise<void>
}

/** What operators do with dead letters. */
export type DeadLetterAdmin = {
  /** The unresolved ones, or all; oldest first, after the given id. */
  list(options: {
    readonly all: boolean
    readonly after: string
    readonly limit: number
  }): Promise<readonly StoredDeadLetter[]>
  /** @throws ServiceError `not_found` */
  find(id: string): Promise<StoredDeadLetter>
  /** Counts a failed retry, and stores the reason. */
  noteFailure(id: string, why: Pick<DeadLetter, 'reason' | 'detail'>): Promise<void>
  /** Resolves it; false if it was resolved already. */
  resolve(id: string, resolution: 'retried' | 'dropped'): Promise<boolean>
}
