import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readConfig } from '../../src/config.ts'
import { kafkaAccess } from '../../src/kafka/access.ts'
import { ensureTopic } from '../../src/kafka/topics.ts'
import { startBroker } from '../support/kafka-broker.ts'
import { needsKafkaItself } from '../support/kafka.ts'
import { createPipeline } from './pipeline.ts'
import { assertNothingLost, createLoad } from './load.ts'

const accessBy = (env: NodeJS.ProcessEnv) => kafkaAccess(readConfig(env, '/nowhere'))

const LOGIN = 'org.apache.kafka.common.security.plain.PlainLoginModule required'
const SASL = {
  'listener.security.protocol.map': 'PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT',
  'inter.broker.listener.name': 'PLAINTEXT',
  'sasl.enabled.mechanisms': 'PLAIN',
  'sasl.mechanism.inter.broker.protocol': 'PLAIN',
  'listener.name.plaintext.plain.sasl.jaas.config': `${LOGIN} username="admin" password="a" user_admin="a" user_market="pass word";`,
}

test('behind a password everything works with it, and nothing without', needsKafkaItself, async (t) => {
  const broker = await startBroker(SASL)
  t.after(() => broker.end())
  const as = (KAFKA_SASL_USERNAME: string, KAFKA_SASL_PASSWORD: string) =>
    accessBy({ KAFKA_BROKERS: broker.brokers, KAFKA_SASL_MECHANISM: 'PLAIN', KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD })
  const stranger = ensureTopic(as('market', 'wrong'), { name: 'x', partitions: 1, replication: undefined })
  await assert.rejects(stranger)

  const pipeline = await createPipeline(t, { access: as('market', 'pass word') })
  const load = createLoad(t, pipeline)
  pipeline.startRelay()
  pipeline.startConsumer()
  await load.until(10)
  await assertNothingLost(pipeline, await load.end())
})

test('a file of certificates turns encryption on, and one that cannot be read is named', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'market-data-tls-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'ca.pem')
  writeFileSync(file, 'authorities')
  assert.equal(accessBy({ KAFKA_BROKERS: 'one:9092' }).tls, undefined)
  assert.deepEqual(accessBy({ KAFKA_BROKERS: 'one:9092', KAFKA_TLS: 'on' }).tls, {})
  assert.deepEqual(accessBy({ KAFKA_BROKERS: 'one:9092', KAFKA_TLS_CA: file }).tls, { ca: 'authorities' })
  assert.throws(() => accessBy({ KAFKA_BROKERS: 'one:9092', KAFKA_TLS_CA: join(folder, 'none.pem') }), /none\.pem/)
})
