import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { startBroker } from './kafka-broker.ts'

/** The one broker of a test run, started when the first test process requests its address. */
export async function startKafkaHarness(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  let broker: ReturnType<typeof startBroker> | undefined
  const server = createServer((_, response) => {
    broker ??= startBroker()
    broker.then(
      ({ brokers }) => response.end(brokers),
      (error: unknown) => response.writeHead(500).end(String(error)),
    )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const stop = async () => {
    server.closeAllConnections()
    server.close()
    await (await broker?.catch(() => undefined))?.end()
  }
  return { url: `http://127.0.0.1:${port}`, stop }
}
