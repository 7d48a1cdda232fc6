import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expectedAverages } from '../averages/oracle.ts'
import { eventually, readAverages } from '../averages/told-prices.ts'
import { needsKafka } from '../support/kafka.ts'
import { createPipeline } from './pipeline.ts'

test('a price that is stored is announced on Kafka, and its average is computed from there', needsKafka, async (t) => {
  const { pool, tell, startRelay, startConsumer, errors } = await createPipeline(t)
  startRelay()
  startConsumer()
  const prices = new Map([0, 1, 2, 3, 4, 5].map((minute) => [minute, `${minute + 1}.5`]))
  for (const [minute, price] of prices) await tell({ minute, price })
  await eventually(async () => (await readAverages(pool, 5)).length === 2)
  assert.deepEqual(await readAverages(pool, 5), expectedAverages(prices, 5))
  assert.deepEqual(errors, [])
})
