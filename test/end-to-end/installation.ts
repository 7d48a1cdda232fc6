import type { TestContext } from 'node:test'
import { averagesGroup } from '../../src/kafka/consumer.ts'
import { loadCheckpoint } from '../../src/postgres/log/log.ts'
import { createPool } from '../../src/postgres/connection/pool.ts'
import type { LogEntry } from '../../src/core/log/entry.ts'
import { comparePositions, LOG_START, RELAY_READER } from '../../src/core/log/position.ts'
import { recorderOf } from '../core/averages/recorded-prices.ts'
import { createDatabaseConnection, urlOf } from '../support/database.ts'
import { groupLag } from '../support/kafka-records.ts'
import { accessTo, freshName, kafkaBrokers } from '../support/kafka.ts'
import { LAUNCHER, runCommand, startService } from '../support/service-process.ts'
import { until } from '../support/until.ts'

type Options = {
  /** Other brokers than those of the test run. */
  readonly brokers?: string
  readonly env?: Readonly<Record<string, string>>
}

export type Installation = Awaited<ReturnType<typeof createInstallation>>

/** A database, a topic of its own, and the commands of docs/how-to/kafka.md on them, each a process of its own. */
export async function createInstallation(t: TestContext, { brokers, env = {} }: Options = {}) {
  const connection = await createDatabaseConnection(t)
  const pool = createPool(connection, { size: 4, onError: () => {} })
  t.after(() => pool.end())
  const topic = { name: freshName(t) }
  const KAFKA_BROKERS = brokers ?? (await kafkaBrokers())
  const context = { env: { DATABASE_URL: urlOf(connection), KAFKA_BROKERS, KAFKA_TOPIC: topic.name, ...env } }
  return {
    pool,
    tell: recorderOf(pool),
    topic,
    access: accessTo(KAFKA_BROKERS),
    start: (...words: string[]) => startService(t, { ...context, command: [process.execPath, LAUNCHER, ...words] }),
    /** For a part that cannot work yet. */
    startUnready: (...words: string[]) =>
      startService(t, { ...context, command: [process.execPath, LAUNCHER, ...words], awaits: '/livez' }),
    run: (...words: string[]) => runCommand(words, context),
  }
}

/**
 * Waits until the whole log is announced, and every message read by the group. It saves its offsets behind the averages,
 * so these are there by then, and have come by Kafka: the sweep looks at nothing that is younger than a minute.
 */
export async function untilRead(installation: Installation, log: readonly LogEntry[]): Promise<void> {
  const { access, topic } = installation
  await untilPublished(installation, log)
  const group = averagesGroup(topic.name)
  await until(async () => (await groupLag(access, group, topic.name)) === 0, 'all is read')
}

export async function untilPublished({ pool }: Installation, log: readonly LogEntry[]): Promise<void> {
  const end = log.at(-1)?.position ?? LOG_START
  const relayPosition = async () => (await loadCheckpoint(pool, RELAY_READER)) ?? LOG_START
  await until(async () => comparePositions(await relayPosition(), end) >= 0, 'all is announced')
}
