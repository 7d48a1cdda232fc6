import { startBroker } from '../test/support/kafka-broker.ts'
import { runKafkaTool } from '../test/support/kafka-tools.ts'
import { fetchPrices } from './load.ts'
import { createTopic, TOPIC } from './kafka.ts'
import { numberIn } from './processes.ts'
import { openStreamClient } from './stream-client.ts'
import { interleave, quantile, type Scale } from './interleave.ts'
import { startService } from './service.ts'
import type { Figure } from './table.ts'

/**
 * Latency of one price at a time from the provider's reply to a stream client, including a durable commit; and of one
 * message at a time from Kafka's producer to its consumer, acknowledged by all replicas.
 */
export async function measureLatency(scale: Scale): Promise<readonly Figure[]> {
  await using service = await startService()
  await using stack = new AsyncDisposableStack()
  const broker = stack.adopt(await startBroker(), (running) => running.end())
  await createTopic(broker.brokers)
  const count = Math.ceil(scale.events / 100)
  const p99 = await interleave(scale, {
    ours: () => measureStream(service.url, count),
    kafka: () => measureTopic(broker.brokers, count),
  })
  const peer = { name: 'EndToEndLatency', theirs: p99.kafka }
  return [{ what: 'provider reply to stream client, p99', unit: 'ms', ours: p99.ours, peer }]
}

async function measureStream(url: string, count: number): Promise<number> {
  let arrival = Promise.withResolvers<number>()
  using open = new DisposableStack()
  open.use(await openStreamClient(`${url}/prices/stream`, (_, atMs) => arrival.resolve(atMs)))
  const latencies: number[] = []
  for (let at = 0; at < count; at++) {
    arrival = Promise.withResolvers()
    // A symbol has a new price only once a second, so each price is of another symbol.
    const [fetched] = await fetchPrices(url, [`L${at}`])
    latencies.push((await arrival.promise) - (fetched?.receivedMs ?? Number.NaN))
  }
  return quantile(latencies, 0.99)
}

async function measureTopic(brokers: string, count: number): Promise<number> {
  const report = await runKafkaTool('EndToEndLatency', [brokers, TOPIC, String(count), 'all', '200'])
  return numberIn(report, /99th = (\d+)/)
}
