import { startTestServer } from './database.ts'

let server: Awaited<ReturnType<typeof startTestServer>>

export async function globalSetup(): Promise<void> {
  server = await startTestServer()
  process.env['TEST_POSTGRES'] = JSON.stringify(server.connection)
}

export async function globalTeardown(): Promise<void> {
  await server.stop()
}
