import { startTestServer } from './database.ts'
import { startKafkaHarness } from './kafka-harness.ts'

let server: Awaited<ReturnType<typeof startTestServer>>
let kafka: Awaited<ReturnType<typeof startKafkaHarness>>

export async function globalSetup(): Promise<void> {
  server = await startTestServer()
  process.env['TEST_POSTGRES'] = JSON.stringify(server.connection)
  kafka = await startKafkaHarness()
  process.env['TEST_KAFKA'] = kafka.url
}

export async function globalTeardown(): Promise<void> {
  await Promise.all([server.stop(), kafka.stop()])
}
