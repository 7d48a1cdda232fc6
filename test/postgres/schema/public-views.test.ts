import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRecompute } from '../../../src/postgres/averages/recompute.ts'
import { atMinute, createRecorder } from '../../core/averages/recorded-prices.ts'

test('the views show prices and averages with the names of their series; of several prices of a time the last one is current', async (t) => {
  const { pool, tell } = await createRecorder(t)
  await tell({ minute: 0, price: '1.50' }, { minute: 1, price: '2' })
  await tell({ minute: 0, price: '1.70' })
  const { rows: affected } = await pool.query('select series_id as "seriesId", event_time as "eventTime" from prices')
  await createRecompute(pool, [2])(affected)

  const words = { symbol: 'AAPL', provider: 'told', currency: 'USD' }
  const read = async (columns: string, view: string) =>
    (await pool.query(`select symbol, provider, currency, ${columns} from ${view} order by event_time, 4`)).rows
  assert.deepEqual(await read('price, event_time', 'latest_prices'), [
    { ...words, price: '2', event_time: atMinute(1) },
  ])
  assert.deepEqual(await read('revision, price, correction, is_current', 'price_history'), [
    { ...words, revision: 1, price: '1.50', correction: false, is_current: false },
    { ...words, revision: 2, price: '1.70', correction: true, is_current: true },
    { ...words, revision: 1, price: '2', correction: false, is_current: true },
  ])
  assert.deepEqual(await read('window_size, average, event_time', 'average_history'), [
    { ...words, window_size: 2, average: '1.85', event_time: atMinute(1) },
  ])
})
