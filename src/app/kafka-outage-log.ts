import type { Logger } from 'pino'
import type { Clock } from '../lib/clock.ts'
import { kafkaReason } from '../kafka/client/errors.ts'

/** Says when Kafka begins to fail, at most once a minute while it goes on to, and when it works again. */
export type KafkaWatch = {
  /** @param room who was let down */
  failed(component: string, error: unknown): void
  worked(component: string): void
}

type Needs = { readonly log: Pick<Logger, 'warn' | 'info' | 'debug'>; readonly clock: Pick<Clock, 'now'> }

const SAY_EVERY_MS = 60_000

export function createKafkaWatch({ log, clock }: Needs): KafkaWatch {
  let failures = 0
  let saidAt = -Infinity
  let isTold = false
  return {
    failed: (component, error) => {
      failures += 1
      if (clock.now() - saidAt < SAY_EVERY_MS) return log.debug({ err: error, component }, 'Kafka fails')
      saidAt = clock.now()
      isTold = true
      log.warn(
        { component, reason: kafkaReason(error), failures },
        'Kafka fails, and is tried again. Prices are kept meanwhile.',
      )
    },
    worked: (component) => {
      if (isTold) log.info({ component, failures }, 'Kafka works again.')
      failures = 0
      isTold = false
    },
  }
}
