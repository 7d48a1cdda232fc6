import type { Kafka } from '../kafka.ts'
import { averagesGroup, createPriceConsumer, type PriceConsumer } from '../../kafka/consumer.ts'
import { createDeadLetterSender, deadLetterTopic, withoutBody } from '../../kafka/dead-letters.ts'
import { createPublisher } from '../../kafka/client/publisher.ts'
import { createRelay } from '../../kafka/relay.ts'
import { createResolveAnnouncements } from '../../postgres/events/price-references.ts'
import { createRecompute } from '../../postgres/averages/recompute.ts'
import { createBuryDeadLetters, createUnsentDeadLetters } from '../../postgres/events/dead-letters.ts'
import { createReadLog } from '../../postgres/log/log.ts'
import type { Fence } from '../../postgres/connection/transaction.ts'
import { RELAY_READER } from '../../core/log/log.ts'
import { keptOf, placesOf, telling, type Runner, type RunnerNeeds } from './worker.ts'

type Needs = RunnerNeeds & { readonly kafka: Kafka }

/** Announces what is in the log, for as long as this process leads: the place is saved under the fence. */
export function createAnnouncing(needs: Needs, fence: Fence): Runner {
  const { kafka, pool, clock, news } = needs
  const places = placesOf(pool, fence)
  return {
    run: async (signal) => {
      await using publisher = createPublisher({ ...kafka, clock, ...watching(needs, 'relay') })
      const relay = createRelay({
        readLog: createReadLog(pool),
        loadPlace: () => places.loadPlace(RELAY_READER),
        savePlace: (place) => places.savePlace(RELAY_READER, place),
        waitForPrices: news.wait,
        publisher,
        clock,
        onError: telling(needs, 'relay'),
      })
      await relay.run(signal)
    },
  }
}

/** One member of the group that computes averages; any number of processes share its work, so nobody leads. */
export function createConsuming(needs: Needs): PriceConsumer {
  const { kafka, config, pool, clock } = needs
  return createPriceConsumer({
    ...kafka,
    group: averagesGroup(kafka.topic.name),
    resolve: createResolveAnnouncements(pool, keptOf(config)),
    handle: createRecompute(pool, config.MA_WINDOWS),
    bury: createBuryDeadLetters(pool),
    clock,
    ...watching(needs, 'consumer'),
    onSettleError: telling(needs, 'consumer'),
  })
}

/** Tells the dead letter topic; of several processes each takes other letters. */
export function createBurying(needs: Needs): Runner {
  const { kafka, pool, clock } = needs
  const room = 'dead letters'
  const onError = telling(needs, room)
  return {
    run: async (signal) => {
      const topic = deadLetterTopic(kafka.topic)
      await using publisher = createPublisher({
        ...kafka,
        topic,
        clock,
        ...watching(needs, room),
        shorten: withoutBody,
      })
      await createDeadLetterSender({ unsent: createUnsentDeadLetters(pool), publisher, clock, onError }).run(signal)
    },
  }
}

function watching({ kafkaWatch }: Needs, room: string) {
  return {
    onError: (error: unknown) => kafkaWatch.failed(room, error),
    onWorking: () => kafkaWatch.worked(room),
  }
}
