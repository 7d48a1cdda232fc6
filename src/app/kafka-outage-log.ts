import type { Logger } from 'pino'
import type { Clock } from '../lib/clock.ts'
import { kafkaReason } from '../kafka/client/errors.ts'

/** Says when Kafka begins to fail, at most once a minute while it goes on to, and when it works again. */
export type KafkaWatch = {
  /** @param room who was let down */
  failed(room: string, error: unknown): void
  worked(room: string): void
}

type Needs = { readonly log: Pick<Logger, 'warn' | 'info' | 'debug'>; readonly clock: Pick<Clock, 'now'> }

const SAY_EVERY_MS = 60_000

export function createKafkaWatch({ log, clock }: Needs): KafkaWatch {
  let failures = 0
  let saidAt = -Infinity
  let isTold = false
  return {
    failed: (room, error) => {
      failures += 1
      if (clock.now() - saidAt < SAY_EVERY_MS) return log.debug({ err: error, room }, 'Kafka fails')
      saidAt = clock.now()
      isTold = true
      log.warn(
        { room, reason: kafkaReason(error), failures },
        'Kafka fails, and is tried again. Prices are kept meanwhile.',
      )
    },
    worked: (room) => {
      if (isTold) log.info({ room, failures }, 'Kafka works again.')
      failures = 0
      isTold = false
    },
  }
}
