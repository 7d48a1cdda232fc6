import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFindPrices } from '../../../src/postgres/events/price-references.ts'
import type { PriceReference } from '../../../src/core/events/price-reference.ts'
import type { Decimal } from '../../../src/lib/decimal.ts'
import type { LogEntry } from '../../../src/core/log/entry.ts'
import { createRecorder, readStableLog } from '../../core/averages/recorded-prices.ts'

const KEPT = { pricesDays: undefined, syntheticProviders: ['simulated'], syntheticDays: 7 }

const referenceOf = ({ symbol, provider, eventTime, price, rawResponseId, position }: LogEntry): PriceReference => {
  return { symbol, provider, eventTime, price, rawResponseId, position }
}

const withoutPosition = ({ position: _place, ...members }: PriceReference): PriceReference => members

/** One price of AAPL, and the same in pence. */
async function createPrices(t: Parameters<typeof createRecorder>[0]) {
  const { pool, tell } = await createRecorder(t)
  await tell({ minute: 0, price: '12.5' })
  await pool.query(`insert into series (provider, symbol, currency) values ('told', 'AAPL', 'GBp')`)
  await pool.query(
    `insert into prices (series_id, event_time, revision, late, price, received_at, raw_response_id, epoch)
     select (select id from series where currency = 'GBp'), event_time, 1, false, price, received_at, raw_response_id, epoch
       from prices`,
  )
  const [dollars, pence] = (await readStableLog(pool)) as [LogEntry, LogEntry]
  return { pool, dollars, pence }
}

test('a position selects the currency, and without one every currency of the symbol is affected', async (t) => {
  const { pool, dollars, pence } = await createPrices(t)
  const resolve = createFindPrices(pool, KEPT)
  const elsewhere = { ...referenceOf(dollars), position: { epoch: '1', xid: '1', id: '999' } }
  const references = [referenceOf(pence), referenceOf(dollars), withoutPosition(referenceOf(dollars)), elsewhere]
  const affected = (await resolve(references)).map((answer) =>
    answer.outcome === 'found' ? new Set(answer.affected.map(({ seriesId }) => seriesId)) : answer,
  )
  const both = new Set([dollars.seriesId, pence.seriesId])
  assert.deepEqual(affected, [new Set([pence.seriesId]), new Set([dollars.seriesId]), both, both])
})

test('a number is the same in any spelling, and nothing else about a price may differ', async (t) => {
  const { pool, dollars } = await createPrices(t)
  const resolve = createFindPrices(pool, KEPT)
  const reference = referenceOf(dollars)
  const answers = await resolve([
    { ...reference, price: '12.500' as Decimal },
    { ...reference, price: '12.51' as Decimal },
    { ...reference, rawResponseId: '999' },
    { ...reference, provider: 'other' },
    { ...reference, symbol: 'MSFT' },
  ])
  assert.deepEqual(
    answers.map(({ outcome }) => outcome),
    ['found', 'unknown_price', 'unknown_price', 'unknown_series', 'unknown_series'],
  )
})

test('a reference older than the retention is expired, unless the price is still stored', async (t) => {
  const { pool, dollars } = await createPrices(t)
  const resolve = createFindPrices(pool, { ...KEPT, pricesDays: 1 })
  const reference = referenceOf(dollars)
  const answers = await resolve([reference, { ...reference, price: '7' as Decimal }])
  assert.deepEqual(
    answers.map(({ outcome }) => outcome),
    ['found', 'expired'],
  )
})
