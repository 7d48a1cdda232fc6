import type { TestContext } from 'node:test'
import type { ReadHistory } from '../../src/core/prices/history.ts'
import { createReadHistory } from '../../src/postgres/prices/history.ts'
import { createHttpService } from './http-service.ts'

/** A service that counts the pages of history that it reads from the database. */
export async function createCountedHistory(t: TestContext) {
  let count = 0
  let read: ReadHistory | undefined
  const readHistory: ReadHistory = (request) => {
    count += 1
    return read?.(request) ?? Promise.resolve([])
  }
  const service = await createHttpService(t, { prices: { readHistory } })
  read = createReadHistory(service.pool)
  return { service, reads: () => count }
}
