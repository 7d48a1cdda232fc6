import { startBroker } from '../test/support/kafka-broker.ts'
import { runKafkaTool } from '../test/support/kafka-tools.ts'
import { takePrices } from './filled.ts'
import { makeTopic, TOPIC } from './kafka.ts'
import { numberIn } from './processes.ts'
import { openReader } from './reader.ts'
import { interleave, quantile, type Scale } from './rounds.ts'
import { startService } from './service.ts'
import type { Figure } from './table.ts'

/**
 * One price at a time, from the provider's reply to a client of the stream, with a durable commit between; and one message
 * at a time from Kafka's producer to its consumer, acknowledged by all replicas.
 */
export async function measureLatency(scale: Scale): Promise<readonly Figure[]> {
  await using service = await startService()
  await using stack = new AsyncDisposableStack()
  const broker = stack.adopt(await startBroker(), (running) => running.end())
  await makeTopic(broker.brokers)
  const count = Math.ceil(scale.events / 100)
  const p99 = await interleave(scale, {
    ours: () => measureStream(service.url, count),
    kafka: () => measureTopic(broker.brokers, count),
  })
  const peer = { name: 'EndToEndLatency', theirs: p99.kafka }
  return [{ what: 'provider’s reply to a stream’s client, p99', unit: 'ms', ours: p99.ours, peer }]
}

async function measureStream(url: string, count: number): Promise<number> {
  let arrival = Promise.withResolvers<number>()
  using open = new DisposableStack()
  open.use(await openReader(`${url}/prices/stream`, (_, atMs) => arrival.resolve(atMs)))
  const latencies: number[] = []
  for (let at = 0; at < count; at++) {
    arrival = Promise.withResolvers()
    // A symbol has one price a second: each is asked for after all the others were.
    const [taken] = await takePrices(url, [`L${at}`])
    latencies.push((await arrival.promise) - (taken?.receivedMs ?? Number.NaN))
  }
  return quantile(latencies, 0.99)
}

async function measureTopic(brokers: string, count: number): Promise<number> {
  const report = await runKafkaTool('EndToEndLatency', [brokers, TOPIC, String(count), 'all', '200'])
  return numberIn(report, /99th = (\d+)/)
}
