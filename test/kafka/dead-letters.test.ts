import assert from 'node:assert/strict'
import { test } from 'node:test'
import { retryDeadLetter } from '../../src/kafka/dead-letters.ts'
import { ensureTopic } from '../../src/kafka/client/topics.ts'
import { createDeadLetterAdmin } from '../../src/postgres/events/dead-letters.ts'
import type { DeadLetter } from '../../src/core/events/dead-letter.ts'
import { readAverages } from '../core/averages/recorded-prices.ts'
import { priceMessage, readTopic, sendValues } from '../support/kafka-records.ts'
import { needsKafka } from '../support/kafka.ts'
import { until } from '../support/until.ts'
import { createPipeline, type Pipeline } from './pipeline.ts'

const count = async ({ pool }: Pipeline, what: string) =>
  Number((await pool.query(`select count(*) from ${what}`)).rows[0].count)

test('while the database is unavailable messages wait, and none becomes a dead letter', needsKafka, async (t) => {
  const pipeline = await createPipeline(t)
  const { pool, tell, processNeeds, startRelay, startConsumer, errors } = pipeline
  let isAway = true
  const away =
    <A extends unknown[], R>(act: (...args: A) => Promise<R>) =>
    (...args: A) =>
      isAway ? Promise.reject(new Error('connect ECONNREFUSED')) : act(...args)
  startRelay()
  startConsumer({
    findPrices: away(processNeeds.findPrices),
    recompute: away(processNeeds.recompute),
    store: away(processNeeds.store),
  })
  for (let minute = 0; minute < 6; minute += 1) await tell({ minute, price: '2' })
  await until(() => errors.length >= 3, 'three tries')
  isAway = false
  await until(async () => (await readAverages(pool, 5)).length === 2, 'the averages')
  assert.equal(await count(pipeline, 'dead_letters'), 0)
})

test('a dead letter can be shown, retried once its price is stored, or dropped', needsKafka, async (t) => {
  const pipeline = await createPipeline(t, { window: 1 })
  const { access, pool, tell, topic, processNeeds, startConsumer } = pipeline
  const admin = createDeadLetterAdmin(pool)
  const list = (all = false) => admin.list({ all, after: '0', limit: 10 })
  await ensureTopic(access, topic)
  startConsumer()
  await sendValues(access, topic.name, [priceMessage({}), 'x'])
  await until(async () => (await count(pipeline, 'dead_letters')) === 2, 'two letters')
  const letters = await list()
  const early = letters.find(({ reason }) => reason === 'unknown_series')!
  const hopeless = letters.find(({ reason }) => reason === 'not_json')!
  assert.equal(Buffer.from(early.value!).toString(), priceMessage({}))

  const retry = (id: string) => retryDeadLetter({ admin, ...processNeeds }, id)
  assert.equal((await retry(early.id))?.reason, 'unknown_series')
  assert.equal((await admin.find(early.id)).attempts, 2)
  await tell({ minute: 0, price: '1' })
  assert.equal(await retry(early.id), undefined)
  assert.equal((await readAverages(pool, 1)).length, 1)
  assert.equal(await admin.resolve(hopeless.id, 'dropped'), true)
  assert.equal(await admin.resolve(hopeless.id, 'dropped'), false)
  assert.deepEqual(await list(), [])
  const resolutions = (await list(true)).map(({ id, resolution }) => [id, resolution])
  assert.deepEqual(
    new Map(resolutions as [string, string][]),
    new Map([
      [early.id, 'retried'],
      [hopeless.id, 'dropped'],
    ]),
  )
  await assert.rejects(admin.find('999'), { code: 'not_found' })
})

test('a message with arbitrary bytes in its key, value and headers is stored unchanged', needsKafka, async (t) => {
  const { pool, processNeeds } = await createPipeline(t)
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
  const letter = {
    topic: 'prices',
    topicId: crypto.randomUUID(),
    partition: 0,
    offset: '9223372036854775807',
    key: bytes,
    value: bytes,
    headers: [
      ['a\u0000b', bytes],
      ['', null],
    ] as const,
    reason: 'not_json' as const,
    detail: 'x',
    consumerGroup: 'group',
  }
  await processNeeds.store([letter, { ...letter, partition: 1, key: null, value: null }])
  await processNeeds.store([letter])
  const [first, second, ...others] = await createDeadLetterAdmin(pool).list({ all: false, after: '0', limit: 10 })
  assert.deepEqual(others, [])
  assert.deepEqual({ ...first, ...letter }, first)
  assert.deepEqual([second?.key, second?.value], [null, null])
})

test(
  'a dead letter that is too large for its topic is published without its body, and delays no other',
  needsKafka,
  async (t) => {
    const { access, pool, topic, processNeeds, startDeadLetters } = await createPipeline(t)
    await ensureTopic(access, { name: `${topic.name}-dlt`, partitions: 1, replication: undefined })
    const letter = (offset: number, bytes: number): DeadLetter => ({
      topic: topic.name,
      topicId: '11111111-1111-1111-1111-111111111111',
      partition: 0,
      offset: String(offset),
      key: null,
      value: Buffer.alloc(bytes, 'x'),
      headers: [['sender', Buffer.from('test')]],
      reason: 'not_json',
      detail: 'no JSON',
      consumerGroup: 'group',
    })
    await processNeeds.store([letter(0, 10), letter(1, 1_048_200), letter(2, 10)])
    startDeadLetters()
    const sent = async () => (await pool.query('select from dead_letters where sent_at is not null')).rowCount
    await until(async () => (await sent()) === 3, 'all letters are published')
    const letters = await readTopic(access, `${topic.name}-dlt`)
    const large = letters.find(({ headers }) => headers['mds.omitted_bytes'] === '1048200')
    assert.equal(large?.headers['__connect.errors.offset'], '1')
    assert.equal(large.headers['sender'], undefined)
    assert.deepEqual(
      new Set(letters.map(({ headers }) => headers['__connect.errors.offset'])),
      new Set(['0', '1', '2']),
    )
  },
)
