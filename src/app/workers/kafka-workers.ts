import type { Kafka } from '../kafka.ts'
import { averagesGroup, createPriceConsumer, type PriceConsumer } from '../../kafka/consumer.ts'
import { createDeadLetterSender, deadLetterTopic, withoutBody } from '../../kafka/dead-letters.ts'
import { createPublisher } from '../../kafka/client/publisher.ts'
import { createRelay } from '../../kafka/relay.ts'
import { createFindPrices } from '../../postgres/events/price-references.ts'
import { createRecompute } from '../../postgres/averages/recompute.ts'
import { createStoreDeadLetters, createUnsentDeadLetters } from '../../postgres/events/dead-letters.ts'
import { isDataException } from '../../postgres/connection/errors.ts'
import { createReadLog } from '../../postgres/log/log.ts'
import type { Fence } from '../../postgres/connection/transaction.ts'
import { RELAY_READER } from '../../core/log/log.ts'
import { retentionOf, checkpointsOf, logRetry, type Worker, type WorkerNeeds } from './worker.ts'

type Needs = WorkerNeeds & { readonly kafka: Kafka }

/** Announces what is in the log, for as long as this process leads: the place is saved under the fence. */
export function createRelayWorker(needs: Needs, fence: Fence): Worker {
  const { kafka, pool, clock, pricesStored } = needs
  const positions = checkpointsOf(pool, fence)
  return {
    run: async (signal) => {
      await using publisher = createPublisher({ ...kafka, clock, ...watching(needs, 'relay') })
      const relay = createRelay({
        readLog: createReadLog(pool),
        loadCheckpoint: () => positions.loadCheckpoint(RELAY_READER),
        saveCheckpoint: (position) => positions.saveCheckpoint(RELAY_READER, position),
        waitForPrices: pricesStored.wait,
        publisher,
        clock,
        onError: logRetry(needs, 'relay'),
      })
      await relay.run(signal)
    },
  }
}

/** One member of the group that computes averages; any number of processes share its work, so nobody leads. */
export function createConsumerWorker(needs: Needs): PriceConsumer {
  const { kafka, config, pool, clock } = needs
  return createPriceConsumer({
    ...kafka,
    group: averagesGroup(kafka.topic.name),
    resolve: createFindPrices(pool, retentionOf(config)),
    handle: createRecompute(pool, config.MA_WINDOWS),
    store: createStoreDeadLetters(pool),
    isDataError: isDataException,
    clock,
    ...watching(needs, 'consumer'),
    onSettleError: logRetry(needs, 'consumer'),
  })
}

/** Tells the dead letter topic; of several processes each takes other letters. */
export function createDeadLetterWorker(needs: Needs): Worker {
  const { kafka, pool, clock } = needs
  const component = 'dead letters'
  const onError = logRetry(needs, component)
  return {
    run: async (signal) => {
      const topic = deadLetterTopic(kafka.topic)
      await using publisher = createPublisher({
        ...kafka,
        topic,
        clock,
        ...watching(needs, component),
        shorten: withoutBody,
      })
      await createDeadLetterSender({ unsent: createUnsentDeadLetters(pool), publisher, clock, onError }).run(signal)
    },
  }
}

function watching({ kafkaWatch }: Needs, component: string) {
  return {
    onError: (error: unknown) => kafkaWatch.failed(component, error),
    onWorking: () => kafkaWatch.worked(component),
  }
}
