import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { inspect } from 'node:util'
import { readConfig } from '../../src/app/config.ts'
import { kafkaAccess } from '../../src/kafka/client/options.ts'
import { kafkaReason } from '../../src/kafka/client/errors.ts'
import { ensureTopic } from '../../src/kafka/client/topics.ts'
import { createAuthority } from '../support/certificates.ts'
import { readTopic, sendValues } from '../support/kafka-records.ts'
import { needsKafkaItself } from '../support/kafka.ts'
import { startSecureBroker, USER, type SecureBroker } from '../support/kafka-secure-broker.ts'
import { until } from '../support/until.ts'
import { createInstallation } from './installation.ts'

describe('a broker that requires TLS and a password', needsKafkaItself, () => {
  let broker: SecureBroker
  before(async () => void (broker = await startSecureBroker()))
  after(() => broker.end())

  const settings = () => ({
    KAFKA_TLS_CA: broker.authority,
    KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
    KAFKA_SASL_USERNAME: USER.name,
    KAFKA_SASL_PASSWORD: USER.password,
    MA_WINDOWS: '1',
  })

  test('with SCRAM-SHA-512 or PLAIN configured, a price is published and averaged, and doctor reports no problem', async (t) => {
    const { brokers } = broker
    const scram = await createInstallation(t, { brokers, env: settings() })
    const plain = await createInstallation(t, { brokers, env: { ...settings(), KAFKA_SASL_MECHANISM: 'PLAIN' } })
    for (const { pool, recordPrices, topic, start, run } of [scram, plain]) {
      await Promise.all([start('relay'), start('consume')])
      await recordPrices({ minute: 0, price: '1' })
      await until(async () => (await pool.query('select from moving_averages')).rowCount, 'the average')
      assert.match((await run('doctor')).stdout, new RegExp(`^ok +kafka +topic ${topic.name}: 6 partitions$`, 'm'))
    }
  })

  test('no dead letter contains a key or password: not in the table, on its topic, or in the log of the consumer', async (t) => {
    const env = { KAFKA_BROKERS: broker.brokers, ...settings() }
    const { pool, topic, start, run } = await createInstallation(t, { brokers: broker.brokers, env })
    const access = kafkaAccess(readConfig(env, '/nowhere'))
    const { key } = JSON.parse((await run('keys', 'create', '--scope', 'admin', '--json')).stdout)
    const consumer = await start('consume')
    await sendValues(access, topic.name, ['no JSON at all'])
    const letters = () =>
      pool.query(
        `select l::text as all, encode(value, 'escape') as value from dead_letters l where sent_at is not null`,
      )
    await until(async () => (await letters()).rowCount === 1, 'the dead letter is published')
    const sent = await readTopic(access, `${topic.name}-dlt`)
    const outputs = inspect([(await letters()).rows, sent, consumer.stderr()], { depth: 9, maxStringLength: null })
    assert.equal(outputs.split('no JSON at all').length, 3)
    for (const secret of [key, USER.password]) assert.ok(!outputs.includes(secret), outputs)
  })

  const PASSWORD = { KAFKA_SASL_PASSWORD: 'wrong' }
  const WRONG_AUTHORITY = { KAFKA_TLS_CA: createAuthority('a stranger').file }

  test('a wrong password and an untrusted certificate authority are reported in one line of the log, and by doctor', async (t) => {
    for (const mistake of [PASSWORD, WRONG_AUTHORITY]) {
      const env = { ...settings(), ...mistake }
      const { startUnready, run } = await createInstallation(t, { brokers: broker.brokers, env })
      const [relay, doctor] = await Promise.all([startUnready('relay'), run('doctor')])
      const expected = new RegExp(`check .*${Object.keys(mistake)[0]}`)
      const linesOfKafka = () =>
        relay
          .stderr()
          .split('\n')
          .filter((line) => line.includes('Kafka'))
      const lines = await until(() => linesOfKafka().length > 0 && linesOfKafka(), 'a line about Kafka')
      assert.match(lines.map((line) => JSON.parse(line).reason).join('\n'), expected)
      assert.equal(lines.length, 1)
      assert.equal(doctor.code, 1)
      const checks = doctor.stdout.split('\n')
      assert.match(checks.find((line) => /^fail +kafka /.test(line)) ?? doctor.stdout, expected)
    }
  })

  test('every failure to connect is reported in one line with the setting to check', async () => {
    const reasons = [
      {
        mistake: PASSWORD,
        reason: /rejects the user name or password: check KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD$/,
      },
      {
        mistake: { KAFKA_SASL_MECHANISM: 'SCRAM-SHA-256' },
        reason: /support this SASL mechanism: check KAFKA_SASL_MECHANISM$/,
      },
      { mistake: WRONG_AUTHORITY, reason: /not trusted \(self-signed certificate .*\): check KAFKA_TLS_CA$/ },
      {
        mistake: { KAFKA_TLS_CA: '' },
        reason: /closed the connection: if it is running, check KAFKA_TLS and KAFKA_SASL_MECHANISM$/,
      },
      {
        mistake: { KAFKA_BROKERS: broker.brokers.replace('127.0.0.1', 'localhost') },
        reason: /certificate is for another host: check KAFKA_BROKERS$/,
      },
      { mistake: { KAFKA_BROKERS: '127.0.0.1:1' }, reason: /^connect ECONNREFUSED 127\.0\.0\.1:1$/ },
    ]
    for (const { mistake, reason } of reasons) {
      const env = { KAFKA_BROKERS: broker.brokers, ...settings(), ...mistake }
      const spec = { name: 'prices', partitions: undefined, replication: undefined }
      const error: unknown = await ensureTopic(kafkaAccess(readConfig(env, '/nowhere')), spec).catch((thrown) => thrown)
      assert.match(kafkaReason(error), reason)
    }
  })
})
