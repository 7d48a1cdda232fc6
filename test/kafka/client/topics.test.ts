import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ensureTopic } from '../../../src/kafka/client/topics.ts'
import { accessTo, freshName, needsKafka, testAccess } from '../../support/kafka.ts'

test(
  'a missing topic is created to the spec, once, even by several processes at the same time',
  needsKafka,
  async (t) => {
    const access = await testAccess()
    const spec = { name: freshName(t), partitions: 4, replication: 1 }
    const topics = await Promise.all([1, 2, 3].map(() => ensureTopic(access, spec)))
    assert.equal(new Set(topics.map(({ id }) => id)).size, 1)
    assert.equal(topics[0]?.partitions, 4)
  },
)

test('by default a new topic has six partitions, and an existing one may have any number', needsKafka, async (t) => {
  const access = await testAccess()
  const name = freshName(t)
  const any = { partitions: undefined, replication: undefined }
  assert.equal((await ensureTopic(access, { name, ...any })).partitions, 6)
  const other = freshName(t)
  await ensureTopic(access, { name: other, ...any, partitions: 2 })
  assert.equal((await ensureTopic(access, { name: other, ...any })).partitions, 2)
})

test('a topic that does not match is reported, and left unchanged', needsKafka, async (t) => {
  const access = await testAccess()
  const spec = { name: freshName(t), partitions: 3, replication: undefined }
  await ensureTopic(access, spec)
  await assert.rejects(ensureTopic(access, { ...spec, partitions: 6 }), {
    code: 'conflict',
    message: /has 3 partitions, KAFKA_PARTITIONS says 6: change the setting/,
  })
  await assert.rejects(ensureTopic(access, { ...spec, replication: 9 }), { code: 'conflict', message: /replicas/ })
  await assert.rejects(ensureTopic(access, { ...spec, name: freshName(t), replication: 9 }), {
    code: 'conflict',
    message: /too few brokers for 9 replicas of topic /,
  })
  assert.equal((await ensureTopic(access, spec)).partitions, 3)
})

test('if no broker answers, that is reported within seconds', needsKafka, async () => {
  const unreachable = ensureTopic(accessTo('127.0.0.1:1'), { name: 'x', partitions: 1, replication: undefined })
  await assert.rejects(unreachable, /metadata failed|Cannot connect/)
})
