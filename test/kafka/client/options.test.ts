import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readConfig } from '../../../src/app/config.ts'
import { kafkaAccess } from '../../../src/kafka/client/options.ts'

const accessBy = (env: NodeJS.ProcessEnv) => kafkaAccess(readConfig(env, '/nowhere'))

test('a certificate file turns encryption on, and the error names a file that cannot be read', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'market-data-tls-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'ca.pem')
  writeFileSync(file, 'authorities')
  assert.equal(accessBy({ KAFKA_BROKERS: 'one:9092' }).tls, undefined)
  assert.deepEqual(accessBy({ KAFKA_BROKERS: 'one:9092', KAFKA_TLS: 'on' }).tls, {})
  assert.deepEqual(accessBy({ KAFKA_BROKERS: 'one:9092', KAFKA_TLS_CA: file }).tls, { ca: 'authorities' })
  assert.throws(() => accessBy({ KAFKA_BROKERS: 'one:9092', KAFKA_TLS_CA: join(folder, 'none.pem') }), /none\.pem/)
})
