import { startBroker } from '../test/support/kafka-broker.ts'
import { runKafkaTool } from '../test/support/kafka-tools.ts'
import { systemClock } from '../src/lib/clock.ts'
import { readConfig } from '../src/app/config.ts'
import { kafkaAccess } from '../src/kafka/client/options.ts'
import { toMessage } from '../src/kafka/message.ts'
import type { OutgoingMessage } from '../src/kafka/client/outgoing.ts'
import { createPublisher } from '../src/kafka/client/publisher.ts'
import { createRelay } from '../src/kafka/relay.ts'
import { createReadLog, loadCheckpoint, saveCheckpoint } from '../src/postgres/log/log.ts'
import { LOG_START, RELAY_READER } from '../src/core/log/position.ts'
import { fillPrices, rowsToRead } from './load.ts'
import { startServer, type Database } from './postgres.ts'
import { numberIn } from './processes.ts'
import { interleave, perSecond, type Scale } from './rounds.ts'
import type { Figure } from './table.ts'

const PARTITIONS = 6

/**
 * Messages a second, acknowledged by all replicas: ours are read from the log, written as messages and their place saved;
 * Kafka's own producer sends bytes of the same size that it has at hand.
 */
export async function measureKafka(scale: Scale): Promise<readonly Figure[]> {
  await using server = await startServer()
  const database = await server.createDatabase()
  await fillPrices(database.pool, { series: 100, rows: rowsToRead(scale) })
  await using stack = new AsyncDisposableStack()
  const broker = stack.adopt(await startBroker(), (running) => running.end())
  await makeTopic(broker.brokers)
  const size = await messageSize(database)
  const rates = await interleave(scale, {
    ours: () => perSecond(() => announce(database, broker.brokers, scale.events)),
    producer: () => runProducer(broker.brokers, scale.events, size),
  })
  const peer = { name: 'kafka-producer-perf-test', theirs: rates.producer, wanted: { atLeast: 0.4 } }
  return [{ what: `log to Kafka, ${size} bytes a message`, unit: 'messages/s', ours: rates.ours, peer }]
}

export const TOPIC = 'price-events'

export async function makeTopic(brokers: string): Promise<void> {
  const topic = ['--create', '--topic', TOPIC, '--partitions', String(PARTITIONS)]
  await runKafkaTool('TopicCommand', ['--bootstrap-server', brokers, ...topic])
}

/** Goes on in the log where the last round ended. */
async function announce({ pool }: Database, brokers: string, events: number): Promise<number> {
  const readLog = createReadLog(pool)
  const stopping = new AbortController()
  await using publisher = createPublisher({
    access: kafkaAccess(readConfig({ KAFKA_BROKERS: brokers }, '/nowhere')),
    topic: { name: TOPIC, partitions: PARTITIONS, replication: undefined },
    clock: systemClock,
    onError: fail,
  })
  let announced = 0
  const relay = createRelay({
    readLog,
    loadCheckpoint: () => loadCheckpoint(pool, RELAY_READER),
    saveCheckpoint: async (position) => {
      await saveCheckpoint(pool, RELAY_READER, position)
      if (announced >= events) stopping.abort()
    },
    waitForPrices: systemClock.sleep,
    publisher: {
      publish: async (messages, signal) => {
        await publisher.publish(messages, signal)
        announced += messages.length
      },
    },
    clock: systemClock,
    onError: fail,
  })
  await relay.run(stopping.signal)
  return announced
}

/** A figure with retries in it would be none. */
export function fail(error: unknown): never {
  throw error
}

async function runProducer(brokers: string, records: number, size: number): Promise<number> {
  const amount = ['--num-records', String(records), '--record-size', String(size), '--throughput', '-1']
  const settings = ['--producer-props', `bootstrap.servers=${brokers}`, 'acks=all']
  const report = await runKafkaTool('ProducerPerformance', ['--topic', TOPIC, ...amount, ...settings])
  return numberIn(report, /sent, ([\d.]+) records\/sec[^\n]*\n?$/)
}

async function messageSize({ pool }: Database): Promise<number> {
  const messages = (await createReadLog(pool)(LOG_START, 1_000)).map(toMessage)
  return Math.round(messages.reduce((sum, message) => sum + bytesOf(message), 0) / messages.length)
}

function bytesOf({ key, value, headers }: OutgoingMessage): number {
  const texts = [...headers].flat()
  return [key, value, ...texts].reduce((sum, bytes) => sum + (bytes?.length ?? 0), 0)
}
