import type { TestContext } from 'node:test'
import { systemClock } from '../../src/lib/clock.ts'
import type { KafkaAccess } from '../../src/kafka/client/options.ts'
import { averagesGroup, createPriceConsumer, type PriceConsumer } from '../../src/kafka/consumer.ts'
import { createDeadLetterSender, deadLetterTopic, withoutBody } from '../../src/kafka/dead-letters.ts'
import { createPublisher, type Publisher } from '../../src/kafka/client/publisher.ts'
import { createRelay } from '../../src/kafka/relay.ts'
import type { ProcessNeeds } from '../../src/kafka/process-batch.ts'
import { createFindPrices } from '../../src/postgres/events/price-references.ts'
import { createRecompute } from '../../src/postgres/averages/recompute.ts'
import { createStoreDeadLetters, createUnsentDeadLetters } from '../../src/postgres/events/dead-letters.ts'
import { isDataException } from '../../src/postgres/connection/errors.ts'
import { createReadLog, loadCheckpoint, saveCheckpoint } from '../../src/postgres/log/log.ts'
import { RELAY_READER } from '../../src/core/log/position.ts'
import { createRecorder } from '../core/averages/recorded-prices.ts'
import { freshName, testAccess } from '../support/kafka.ts'

export type Pipeline = Awaited<ReturnType<typeof createPipeline>>

type Options = {
  readonly access?: KafkaAccess
  /** Of an existing topic. */
  readonly name?: string
  readonly partitions?: number
  readonly replication?: number
  readonly window?: number
}

/** A database, a separate topic, and the workers between them that the test starts. Ends with the test. */
export async function createPipeline(t: TestContext, options: Options = {}) {
  const access = options.access ?? (await testAccess())
  const { pool, tell } = await createRecorder(t)
  const topic = {
    name: options.name ?? freshName(t),
    partitions: options.partitions ?? 6,
    replication: options.replication,
  }
  const errors: unknown[] = []
  const onError = (error: unknown) => void errors.push(error)
  const running = new Set<{ stop(): Promise<void> }>()
  // Before the database of the test is dropped.
  t.after(() => Promise.all([...running].map((one) => one.stop())))

  const start = <T extends { run(signal: AbortSignal): Promise<void> }>(part: T) => {
    const stopping = new AbortController()
    const done = part.run(stopping.signal)
    const stop = async () => {
      stopping.abort()
      await done
      running.delete(started)
    }
    const started = { ...part, stop }
    running.add(started)
    return started
  }

  const processNeeds: ProcessNeeds = {
    findPrices: createFindPrices(pool, { pricesDays: undefined, syntheticProviders: ['simulated'], syntheticDays: 7 }),
    recompute: createRecompute(pool, [options.window ?? 5]),
    store: createStoreDeadLetters(pool),
    isDataError: isDataException,
  }

  return {
    pool,
    tell,
    topic,
    access,
    errors,
    processNeeds,
    /** All relays of a pipeline share one checkpoint. `publishErrors`: what the relay's publisher reported. */
    startRelay: () => {
      const publishErrors: unknown[] = []
      const onPublishError = (error: unknown) => {
        publishErrors.push(error)
        onError(error)
      }
      const publisher = createPublisher({ access, topic, clock: systemClock, onError: onPublishError })
      const relay = createRelay({
        readLog: createReadLog(pool),
        loadCheckpoint: () => loadCheckpoint(pool, RELAY_READER),
        saveCheckpoint: (position) => saveCheckpoint(pool, RELAY_READER, position),
        waitForPrices: systemClock.sleep,
        publisher,
        clock: systemClock,
        onError,
      })
      return start({ publishErrors, run: (signal: AbortSignal) => runWith(publisher, relay, signal) })
    },
    startDeadLetters: () => {
      const publisher = createPublisher({
        access,
        topic: deadLetterTopic(topic),
        clock: systemClock,
        onError,
        shorten: withoutBody,
      })
      const sender = createDeadLetterSender({
        unsent: createUnsentDeadLetters(pool),
        publisher,
        clock: systemClock,
        onError,
      })
      return start({ run: (signal) => runWith(publisher, sender, signal) })
    },
    startConsumer: (needs: Partial<ProcessNeeds> & { readonly group?: string } = {}) =>
      start<PriceConsumer>(
        createPriceConsumer({
          group: averagesGroup(topic.name),
          ...processNeeds,
          ...needs,
          access,
          topic,
          clock: systemClock,
          onError,
          onProcessError: onError,
        }),
      ),
  }
}

async function runWith(
  publisher: Publisher,
  part: { run(signal: AbortSignal): Promise<void> },
  signal: AbortSignal,
): Promise<void> {
  await part.run(signal)
  await publisher[Symbol.asyncDispose]()
}
