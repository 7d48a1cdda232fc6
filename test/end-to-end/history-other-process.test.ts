import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPool } from '../../src/postgres/connection/pool.ts'
import type { StoreReply } from '../../src/core/prices/quote.ts'
import { createStoreReply } from '../../src/postgres/ingest/store-reply.ts'
import { createDatabaseConnection, urlOf } from '../support/database.ts'
import { startService } from '../support/service-process.ts'
import { storePrices } from '../support/store-prices.ts'

const minute = (n: number) => new Date(Date.UTC(2025, 0, 1, 0, n)).toISOString()

test('a late price that another process committed is in the next answer of a service that has kept the page', async (t) => {
  const connection = await createDatabaseConnection(t)
  const service = await startService(t, { env: { DATABASE_URL: urlOf(connection) } })
  const pool = createPool(connection, { size: 2, onError: () => {} })
  const record = asImported(createStoreReply(pool))
  const store = (at: number, price: string) => storePrices(record, [{ time: minute(at), price }])
  const path = '/prices/history?symbol=AAPL&provider=import&from=2025-01-01&to=2025-01-02'
  const read = async () => {
    const response = await fetch(service.url + path)
    const { data } = (await response.json()) as { readonly data: readonly { readonly price: number }[] }
    return data.map(({ price }) => price)
  }
  await store(100, '1000')
  for (let n = 1; n <= 30; n++) {
    assert.equal((await read()).length, n)
    await store(100 - n, `${n}`)
    assert.equal((await read()).at(-1), n)
  }
  await store(99, '77')
  assert.equal((await read())[1], 77)
  await pool.end()
})

/** Of a provider that the service knows, and never asks. */
function asImported(record: StoreReply): StoreReply {
  const provider = 'import'
  return (reply, results) =>
    record(
      { ...reply, provider },
      results.map((one) => ('quote' in one ? { ...one, quote: { ...one.quote, provider } } : one)),
    )
}
