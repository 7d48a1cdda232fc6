import { averagesGroup, createPriceConsumer, type PriceConsumer } from '../../kafka/consumer.ts'
import { createDeadLetterSender, deadLetterTopic, withoutBody } from '../../kafka/dead-letters.ts'
import { createPublisher } from '../../kafka/client/publisher.ts'
import { createRelay } from '../../kafka/relay.ts'
import { createFindPrices } from '../../postgres/events/price-references.ts'
import { createRecompute } from '../../postgres/averages/recompute.ts'
import { createStoreDeadLetters, createUnsentDeadLetters } from '../../postgres/events/dead-letters.ts'
import { createReadLog } from '../../postgres/log/log.ts'
import { isDataException } from '../../postgres/connection/errors.ts'
import type { Fence } from '../../postgres/connection/transaction.ts'
import { RELAY_READER } from '../../core/log/position.ts'
import { retentionOf, checkpointsOf, logRetry, type Worker, type WorkerKafka, type WorkerNeeds } from './worker.ts'

/** The workers that use Kafka; this module loads its client. */
export function createKafkaWorkers(needs: WorkerNeeds, kafka: WorkerKafka) {
  return {
    createRelayWorker: (fence: Fence) => createRelayWorker(needs, kafka, fence),
    createConsumer: () => createConsumer(needs, kafka),
    createDeadLetterWorker: () => createDeadLetterWorker(needs, kafka),
  }
}

/** Publishes the log while this process holds the lease: the checkpoint is saved under its fence. */
function createRelayWorker({ database, clock, pricesStored }: WorkerNeeds, kafka: WorkerKafka, fence: Fence): Worker {
  const { pool } = database
  const checkpoints = checkpointsOf(pool, fence)
  return {
    run: async (signal) => {
      const { access, topic } = kafka
      await using publisher = createPublisher({ access, topic, clock, ...watchOf(kafka, 'relay') })
      const relay = createRelay({
        readLog: createReadLog(pool),
        loadCheckpoint: () => checkpoints.loadCheckpoint(RELAY_READER),
        saveCheckpoint: (position) => checkpoints.saveCheckpoint(RELAY_READER, position),
        waitForPrices: pricesStored.wait,
        publisher,
        clock,
        onError: logRetry(database, 'relay'),
      })
      await relay.run(signal)
    },
  }
}

/** One member of the group that computes averages. Any number of processes share its work, so it needs no lease. */
function createConsumer({ database, config, clock }: WorkerNeeds, kafka: WorkerKafka): PriceConsumer {
  const { pool } = database
  const { access, topic } = kafka
  return createPriceConsumer({
    access,
    topic,
    group: averagesGroup(topic.name),
    findPrices: createFindPrices(pool, retentionOf(config)),
    recompute: createRecompute(pool, config.MA_WINDOWS),
    store: createStoreDeadLetters(pool),
    isDataError: isDataException,
    clock,
    ...watchOf(kafka, 'consumer'),
    onProcessError: logRetry(database, 'consumer'),
  })
}

/** Publishes dead letters to their topic; several processes claim different letters. */
function createDeadLetterWorker({ database, clock }: WorkerNeeds, kafka: WorkerKafka): Worker {
  const component = 'dead letters'
  const unsent = createUnsentDeadLetters(database.pool)
  const onError = logRetry(database, component)
  return {
    run: async (signal) => {
      const topic = deadLetterTopic(kafka.topic)
      const shorten = withoutBody
      const { access } = kafka
      await using publisher = createPublisher({ access, topic, clock, shorten, ...watchOf(kafka, component) })
      await createDeadLetterSender({ unsent, publisher, clock, onError }).run(signal)
    },
  }
}

function watchOf({ watch }: WorkerKafka, component: string) {
  return {
    onError: (error: unknown) => watch.failed(component, error),
    onWorking: () => watch.worked(component),
  }
}
