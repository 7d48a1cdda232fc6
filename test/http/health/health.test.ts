import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { saveCheckpoint } from '../../../src/postgres/log/log.ts'
import { createLeases } from '../../../src/postgres/cluster/leases.ts'
import { instantFromMillis } from '../../../src/lib/instant.ts'
import { RELAY_READER } from '../../../src/core/log/position.ts'
import type { KafkaStatus } from '../../../src/core/health/status.ts'
import { createHttpService, type HttpService, type Json } from '../../support/http-service.ts'
import { readStableLog } from '../../core/averages/recorded-prices.ts'
import { until } from '../../support/until.ts'

async function healthOf(service: HttpService): Promise<Json> {
  return (await service.ask('/health')).json()
}

test('without Kafka the pipeline is the log and its averages', async (t) => {
  const service = await createHttpService(t)
  await service.store({ price: '1' }, { price: '2' })
  const { pipeline } = await healthOf(service)
  assert.deepEqual(Object.keys(pipeline).toSorted(), ['averages', 'log'])
  assert.match(pipeline.log.end, /^\d+-\d+-2$/)
  assert.equal(typeof pipeline.averages.lag_seconds, 'number')
})

test('the transaction that holds back the log is named, with how long prices have waited for it', async (t) => {
  const service = await createHttpService(t)
  const holder = await service.pool.connect()
  try {
    await holder.query('begin')
    await holder.query(`set local application_name = 'somebody'`)
    await holder.query('select pg_current_xact_id()')
    const { rows } = await holder.query('select pg_backend_pid() as pid')
    const stored = service.store({ price: '1' })
    const { log } = await until(async () => {
      const { pipeline } = await healthOf(service)
      return pipeline.log.held_by?.pid === rows[0].pid && pipeline.log.lag_seconds > 0 && pipeline
    }, 'the holder is named')
    assert.equal(log.held_by.application, 'somebody')
    assert.ok(log.held_by.for_seconds >= 1)
    await holder.query('rollback')
    await stored
  } finally {
    holder.release(true)
  }
})

const READ: KafkaStatus = {
  topic: 'price-events',
  group: 'price-events.averages',
  awaySince: null,
  seen: {
    partitions: [
      { partition: 0, messages: 7, lag: 2 },
      { partition: 1, messages: 5, lag: 0 },
    ],
    groupState: 'Stable',
  },
}

async function createPublished(t: TestContext, status: () => KafkaStatus): Promise<HttpService> {
  const service = await createHttpService(t, {
    health: { readKafkaStatus: async () => status(), toleratedLagSeconds: 90 },
  })
  await service.store({ price: '1' }, { price: '2' }, { price: '3' })
  return service
}

test('with Kafka each step of the pipeline is reported with its lag and its leader', async (t) => {
  const service = await createPublished(t, () => READ)
  const { pool } = service
  const before = (await healthOf(service)).pipeline
  assert.deepEqual(Object.keys(before).toSorted(), ['averages', 'consumers', 'log', 'relay', 'topic'])
  assert.deepEqual([before.relay.leader, before.relay.lag_rows], [null, 3])
  assert.ok(before.relay.lag_seconds > 0)
  await createLeases(pool, 'here:17').take('relay')
  await saveCheckpoint(pool, RELAY_READER, (await readStableLog(pool))[1]!.position)
  const { status, pipeline } = await healthOf(service)
  assert.deepEqual([status, pipeline.relay.leader, pipeline.relay.lag_rows], ['ok', 'here:17', 1])
  assert.deepEqual(pipeline.topic, { name: 'price-events', away_since: null, partitions: 2, messages: 12 })
  assert.deepEqual(pipeline.consumers, {
    group: 'price-events.averages',
    state: 'Stable',
    lag_messages: 2,
    partitions: [
      { partition: 0, lag_messages: 2 },
      { partition: 1, lag_messages: 0 },
    ],
  })
  const { text } = await service.ask('/metrics')
  assert.match(text, /^market_data_relay_lag_rows 1$/m)
  assert.match(text, /^market_data_relay_lag_seconds \d/m)
  assert.match(text, /^market_data_log_lag_seconds \d/m)
})

test('an unavailable Kafka and unread messages are degraded', async (t) => {
  let status = READ
  const service = await createPublished(t, () => status)
  assert.equal((await healthOf(service)).status, 'ok')
  const awaySince = instantFromMillis(Date.parse('2025-06-15T20:30:27Z'))
  status = { ...READ, awaySince, seen: null }
  const away = await healthOf(service)
  assert.equal(away.status, 'degraded')
  assert.deepEqual(away.pipeline.topic, {
    name: 'price-events',
    away_since: '2025-06-15T20:30:27Z',
    partitions: null,
    messages: null,
  })
  assert.deepEqual([away.pipeline.consumers.state, away.pipeline.consumers.lag_messages], [null, null])
  status = { ...READ, seen: { ...READ.seen!, groupState: 'Empty' } }
  assert.equal((await healthOf(service)).status, 'degraded')
  status = { ...READ, seen: { groupState: 'Empty', partitions: [{ partition: 0, messages: 7, lag: 0 }] } }
  assert.equal((await healthOf(service)).status, 'ok')
})

test('stored times in the future are reported, with how far they lie ahead, until they are replaced', async (t) => {
  const service = await createHttpService(t)
  await service.store({ price: '1' })
  const before = await healthOf(service)
  assert.deepEqual([before.status, before.stored_times_ahead_seconds], ['ok', 0])
  await service.pool.query(`update series_state set confirmed_at = now() + interval '1 hour'`)
  const ahead = await healthOf(service)
  assert.equal(ahead.status, 'degraded')
  assert.ok(Math.abs(ahead.stored_times_ahead_seconds - 3_600) < 30)
  await service.store({ price: '1' })
  assert.equal((await healthOf(service)).status, 'ok')
})
