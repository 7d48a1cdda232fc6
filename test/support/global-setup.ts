import { startTestServer } from './database.ts'
import { startKafkaRig } from './kafka-harness.ts'

let server: Awaited<ReturnType<typeof startTestServer>>
let kafka: Awaited<ReturnType<typeof startKafkaRig>>

export async function globalSetup(): Promise<void> {
  server = await startTestServer()
  process.env['TEST_POSTGRES'] = JSON.stringify(server.connection)
  kafka = await startKafkaRig()
  process.env['TEST_KAFKA'] = kafka.url
}

export async function globalTeardown(): Promise<void> {
  await Promise.all([server.stop(), kafka.stop()])
}
