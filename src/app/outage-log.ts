import type { Logger } from 'pino'
import { kafkaReason } from '../kafka/client/errors.ts'
import type { Clock } from '../lib/clock.ts'
import { driverErrorOf, storageFailureOf } from '../postgres/connection/errors.ts'
import type { PoolObserver } from '../postgres/connection/pool.ts'

type Needs = {
  readonly log: Pick<Logger, 'error' | 'warn' | 'info' | 'debug'>
  readonly clock: Pick<Clock, 'monotonic'>
}

/** The text of an outage in the log, and what it is logged with at the end as well. */
type Texts = { readonly level: 'error' | 'warn'; readonly begun: string; readonly over: string }

/** Logs the beginning and the end of an outage, at most once a minute however often one follows the other. */
type OutageLog = {
  /** @param details of the line, beside the number of failures */
  failed(error: unknown, details: object): void
  worked(details?: object): void
}

const LOG_EVERY_MS = 60_000

function createOutageLog({ log, clock }: Needs, { level, begun, over }: Texts): OutageLog {
  let failures = 0
  let loggedAt = -Infinity
  /** Whether the end of this outage is to be logged, because its beginning was. */
  let isLogged = false
  return {
    failed: (error, details) => {
      failures += 1
      if (clock.monotonic() - loggedAt < LOG_EVERY_MS) return log.debug({ err: error, ...details, failures }, begun)
      loggedAt = clock.monotonic()
      isLogged = true
      log[level]({ ...details, failures }, begun)
    },
    worked: (details = {}) => {
      if (isLogged) log.info({ ...details, failures }, over)
      failures = 0
      isLogged = false
    },
  }
}

/** Logs outages of Kafka, for all components that use it. */
export type KafkaOutageLog = {
  /** @param component whose request failed */
  failed(component: string, error: unknown): void
  worked(component: string): void
}

export function createKafkaOutageLog(needs: Needs): KafkaOutageLog {
  const outage = createOutageLog(needs, {
    level: 'warn',
    begun: 'Kafka is unavailable, retrying. Prices are still stored.',
    over: 'Kafka is available again.',
  })
  return {
    failed: (component, error) => outage.failed(error, { component, reason: kafkaReason(error) }),
    worked: (component) => outage.worked({ component }),
  }
}

/** Logs outages of the database; give it to `observePool`. */
export type StorageOutageLog = PoolObserver & {
  /** For loops that retry: their warning of an outage, which is logged already, goes to `debug`. */
  readonly log: { warn(details: object, message: string): void }
}

/** @param needs.location of the data, for the operator */
export function createStorageOutageLog(needs: Needs & { readonly location: string }): StorageOutageLog {
  const unavailable = createOutageLog(needs, {
    level: 'warn',
    begun: 'The database does not answer.',
    over: 'The database answers again.',
  })
  const diskFull = createOutageLog(needs, {
    level: 'error',
    begun: `The disk is full: make room for ${needs.location}.`,
    over: 'The disk has room again.',
  })
  return {
    failed: (failure, error) => {
      const details = { reason: reasonOf(driverErrorOf(error)) }
      if (failure === 'disk_full') diskFull.failed(error, details)
      else unavailable.failed(error, details)
    },
    worked: (hasStored) => {
      unavailable.worked()
      if (hasStored) diskFull.worked()
    },
    log: {
      warn: (details, message) => {
        const isLogged = 'err' in details && storageFailureOf(details.err) !== undefined
        needs.log[isLogged ? 'debug' : 'warn'](details, message)
      },
    },
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
