import { join } from 'node:path'
import { startTestServer } from './database.ts'
import { startKafkaHarness } from './kafka-harness.ts'
import { createCluster, createDataRoot } from './test-data.ts'

/** For programs that run for seconds: no compiler that pays off after minutes, and one thread to collect garbage. */
const JAVA_OPTIONS = '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:-UsePerfData'

let data: ReturnType<typeof createDataRoot>
let server: Awaited<ReturnType<typeof startTestServer>>
let kafka: Awaited<ReturnType<typeof startKafkaHarness>>

export async function globalSetup(): Promise<void> {
  // Most test files load the same modules: the first one compiles them.
  process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, '../../node_modules/.cache/market-data-tests')
  process.env['JDK_JAVA_OPTIONS'] ??= JAVA_OPTIONS
  data = createDataRoot()
  process.env['TEST_DATA'] = data.folder
  process.env['TEST_CLUSTER'] = await createCluster(data.folder)
  server = await startTestServer()
  process.env['TEST_POSTGRES'] = JSON.stringify(server.connection)
  kafka = await startKafkaHarness()
  process.env['TEST_KAFKA'] = kafka.url
}

export async function globalTeardown(): Promise<void> {
  await Promise.all([server.stop(), kafka.stop()])
  data.remove()
}
