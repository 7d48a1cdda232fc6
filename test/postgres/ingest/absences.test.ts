import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { ServiceError } from '../../../src/errors.ts'
import type { Instant } from '../../../src/lib/instant.ts'
import type { RawReply } from '../../../src/core/prices/quote.ts'
import { createStoreReply } from '../../../src/postgres/ingest/store-reply.ts'
import { createDatabase } from '../../support/database.ts'
import { quoteOf } from '../../support/scripted-provider.ts'

const GONE = ['provider_bad_data', true]
const UNKNOWN = ['symbol_not_found', false]

/** A symbol that a provider quotes or leaves out, at times in June. */
async function createSymbol(t: TestContext) {
  const pool = await createDatabase(t)
  const store = createStoreReply(pool)
  return {
    pool,
    quoted: (at: string) =>
      store(replyAt(at), [{ symbol: 'AAPL', quote: quoteOf({ symbol: 'AAPL', time: '2025-06-01T00:00:00Z' }) }]),
    leftOut: async (at: string) => {
      const details = { provider: 'scripted', symbol: 'AAPL' }
      const error = new ServiceError('symbol_not_found', 'scripted, AAPL: Unknown symbol.', details)
      const [result] = await store(replyAt(at), [{ symbol: 'AAPL', error }])
      return result && 'error' in result ? [result.error.code, result.error.retryable] : []
    },
  }
}

test('a symbol that never had a price is unknown at once', async (t) => {
  const { leftOut } = await createSymbol(t)
  for (const at of ['02T10:00', '02T10:01', '09T10:00']) assert.deepEqual(await leftOut(at), UNKNOWN)
})

test('a symbol that had a price is unknown only after three absences over at least a day', async (t) => {
  const { pool, quoted, leftOut } = await createSymbol(t)
  await quoted('02T09:00')
  for (const at of ['02T10:00', '02T10:01', '02T10:02', '03T09:59']) assert.deepEqual(await leftOut(at), GONE, at)
  assert.deepEqual(await leftOut('03T10:00'), UNKNOWN)
  const { rows } = await pool.query('select refused from raw_responses order by id offset 1 limit 1')
  assert.equal(rows[0].refused[0].code, 'provider_bad_data', 'the reply is kept as evidence')
})

test('two absences, however far apart, do not make a symbol unknown', async (t) => {
  const { quoted, leftOut } = await createSymbol(t)
  await quoted('02T09:00')
  assert.deepEqual(await leftOut('02T10:00'), GONE)
  assert.deepEqual(await leftOut('20T10:00'), GONE)
  assert.deepEqual(await leftOut('20T10:01'), UNKNOWN)
})

test('a symbol that comes back starts again', async (t) => {
  const { quoted, leftOut } = await createSymbol(t)
  await quoted('02T09:00')
  for (const at of ['02T10:00', '03T10:01', '04T10:02']) await leftOut(at)
  await quoted('04T11:00')
  for (const at of ['04T12:00', '04T12:01', '05T11:59']) assert.deepEqual(await leftOut(at), GONE, at)
  assert.deepEqual(await leftOut('05T12:00'), UNKNOWN)
})

test('absences that were stored while the clock was ahead do not count', async (t) => {
  const { quoted, leftOut } = await createSymbol(t)
  await quoted('02T09:00')
  await leftOut('09T10:00')
  await leftOut('09T10:01')
  assert.deepEqual(await leftOut('02T10:00'), GONE)
  assert.deepEqual(await leftOut('02T10:01'), GONE)
})

function replyAt(at: string): RawReply {
  return {
    provider: 'scripted',
    symbols: ['AAPL'],
    request: 'GET /',
    status: 200,
    body: Buffer.from(at),
    receivedAt: `2025-06-${at}:00Z` as Instant,
    parserVersion: 1,
  }
}
