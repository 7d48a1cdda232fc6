import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/lib/clock.ts'
import { partitionOf } from '../../src/kafka/client/outgoing.ts'
import { createPublisher } from '../../src/kafka/client/publisher.ts'
import { republish } from '../../src/kafka/relay.ts'
import type { PartitionLag } from '../../src/kafka/client/stall-watchdog.ts'
import { createReadLog, loadCheckpoint, logEnd, positionBefore } from '../../src/postgres/log/log.ts'
import {
  comparePositions,
  LOG_START,
  positionText,
  RELAY_READER,
  type LogPosition,
} from '../../src/core/log/position.ts'
import { expectedAverages } from '../core/averages/oracle.ts'
import { readAverages, readStableLog } from '../core/averages/recorded-prices.ts'
import { readTopic, sendValues } from '../support/kafka-records.ts'
import { needsKafka } from '../support/kafka.ts'
import { until } from '../support/until.ts'
import { createPipeline, type Pipeline } from './pipeline.ts'

test('a stored price is published on Kafka, and its average is computed from the message', needsKafka, async (t) => {
  const { pool, tell, startRelay, startConsumer, errors } = await createPipeline(t)
  startRelay()
  startConsumer()
  const prices = new Map([0, 1, 2, 3, 4, 5].map((minute) => [minute, `${minute + 1}.5`]))
  for (const [minute, price] of prices) await tell({ minute, price })
  await until(async () => (await readAverages(pool, 5)).length === 2, 'two averages')
  assert.deepEqual(await readAverages(pool, 5), expectedAverages(prices, 5))
  assert.deepEqual(errors, [])
})

test(
  'without failures every price is published once, each symbol in order and on its partition',
  needsKafka,
  async (t) => {
    const { access, pool, tell, topic, startRelay } = await createPipeline(t)
    const symbols = ['AAPL', 'MSFT', 'BRK.B', 'BTC-USD', 'EURUSD']
    for (let minute = 0; minute < 60; minute += 1) {
      await tell(...symbols.map((symbol) => ({ symbol, minute, price: `${minute + 1}` })))
    }
    startRelay()
    const log = await readStableLog(pool)
    const end = log.at(-1)!.position
    await untilPublished(pool, end)

    const records = await readTopic(access, topic.name)
    assert.equal(records.length, log.length)
    for (const symbol of symbols) {
      const own = records.filter(({ key }) => key === symbol)
      const expected = log.filter((entry) => entry.symbol === symbol).map(({ position }) => positionText(position))
      assert.deepEqual(
        own.map(({ headers }) => headers['mds.position']),
        expected,
      )
      assert.deepEqual(new Set(own.map(({ partition }) => partition)), new Set([partitionOf(Buffer.from(symbol), 6)]))
    }
  },
)

test(
  'more prices of one symbol than fit into a batch of the broker are all published, in order',
  needsKafka,
  async (t) => {
    const { access, pool, tell, topic, startRelay, errors } = await createPipeline(t, { partitions: 2 })
    const minutes = Array.from({ length: 4_000 }, (_, minute) => ({ minute, price: '1' }))
    await tell(...minutes)
    startRelay()
    const log = await readStableLog(pool)
    await untilPublished(pool, log.at(-1)!.position)
    const positions = (await readTopic(access, topic.name)).map(({ headers }) => headers['mds.position'])
    assert.deepEqual(
      positions,
      log.map(({ position }) => positionText(position)),
    )
    assert.deepEqual(errors, [])
  },
)

test('repeated, reordered and foreign messages lead to the same averages', needsKafka, async (t) => {
  const { access, pool, tell, topic, startRelay, startConsumer } = await createPipeline(t)
  const prices = new Map(Array.from({ length: 40 }, (_, minute) => [minute, `${((minute * 7) % 11) + 1}.25`]))
  for (const [minute, price] of prices) await tell({ minute, price })
  startRelay()
  const log = await readStableLog(pool)
  await untilPublished(pool, log.at(-1)!.position)
  const values = (await readTopic(access, topic.name)).map(({ value }) => value)
  await sendValues(access, topic.name, values.toReversed())
  await sendValues(access, topic.name, values.toSorted())
  const { lag } = startConsumer()
  await until(() => isRead(lag(), 120), 'all messages are read')
  assert.deepEqual(await readAverages(pool, 5), expectedAverages(prices, 5))
  assert.deepEqual((await pool.query('select * from dead_letters')).rows, [])
})

/** Until the checkpoint of the relay, which it saves after Kafka has acknowledged, is that position. */
async function untilPublished(pool: Pipeline['pool'], position: LogPosition): Promise<void> {
  const isPublished = async () =>
    comparePositions((await loadCheckpoint(pool, RELAY_READER)) ?? LOG_START, position) === 0
  await until(isPublished, 'every price is published')
}

function isRead(lag: readonly PartitionLag[], count: number): boolean {
  const read = lag.reduce((sum, { position }) => sum + position, 0n)
  return read === BigInt(count) && lag.every(({ position, end }) => position === end)
}

test('a wiped topic is refilled by republishing, from any time on', needsKafka, async (t) => {
  const { access, pool, tell, topic } = await createPipeline(t)
  for (let minute = 0; minute < 10; minute += 1) await tell({ minute, price: '1' })
  const log = await readStableLog(pool)
  const [readLog, end] = [createReadLog(pool), await logEnd(pool)]
  await using publisher = createPublisher({ access, topic, clock: systemClock })
  const { signal } = new AbortController()
  assert.equal(await republish({ readLog, publisher }, { after: LOG_START, end }, signal), 10)
  const { rows } = await pool.query('select recorded_at from prices where id = $1', [log[6]!.priceId])
  assert.equal(
    await republish({ readLog, publisher }, { after: await positionBefore(pool, rows[0].recorded_at), end }, signal),
    4,
  )
  await tell({ minute: 10, price: '1' })
  await readStableLog(pool)
  assert.equal(await republish({ readLog, publisher }, { after: LOG_START, end }, signal), 10, 'up to where it began')
  assert.equal((await readTopic(access, topic.name)).length, 24)
})
