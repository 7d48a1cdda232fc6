import type { Instant } from '../../lib/instant.ts'

/** Why a message can never be used, however often it is tried. */
export type DeadLetterReason = 'not_json' | 'wrong_fields' | 'hash_mismatch' | 'unknown_series' | 'unknown_price'

/** A message that cannot be used, byte for byte as it came, and why. */
export type DeadLetter = {
  readonly topic: string
  /** A topic that was deleted and made again is another one. */
  readonly topicId: string
  readonly partition: number
  readonly offset: string
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly (readonly [name: string, value: Uint8Array | null])[]
  readonly reason: DeadLetterReason
  /** For people. */
  readonly detail: string
  readonly consumerGroup: string
}

export type StoredDeadLetter = DeadLetter & {
  readonly id: string
  /** How often it was tried, retries by hand included. */
  readonly attempts: number
  readonly createdAt: Instant
  /** When it was last told to the dead letter topic. */
  readonly sentAt: Instant | null
  /** Null while somebody should look at it. */
  readonly resolution: 'retried' | 'dropped' | null
  readonly resolvedAt: Instant | null
}

/** Keeps each letter once, however often it comes. */
export type StoreDeadLetters = (letters: readonly DeadLetter[]) => Promise<void>

/** What stands between the table and the dead letter topic. */
export type UnsentDeadLetters = {
  /** Takes letters that were never sent, for so many seconds; whoever else asks meanwhile gets others. */
  claim(limit: number, seconds: number): Promise<readonly StoredDeadLetter[]>
  markSent(ids: readonly string[]): Promise<void>
}

/** What people do with dead letters. */
export type DeadLetterAdmin = {
  /** The open ones, or all; oldest first, behind the given id. */
  list(options: {
    readonly all: boolean
    readonly after: string
    readonly limit: number
  }): Promise<readonly StoredDeadLetter[]>
  /** @throws ServiceError `not_found` */
  find(id: string): Promise<StoredDeadLetter>
  /** Counts a try that failed, and keeps why. */
  noteFailure(id: string, why: Pick<DeadLetter, 'reason' | 'detail'>): Promise<void>
  /** Closes it; false if it was closed already. */
  resolve(id: string, resolution: 'retried' | 'dropped'): Promise<boolean>
}
