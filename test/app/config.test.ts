import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import pg from 'pg'
import { ConfigError, isLoopback, readConfig, secretsOf } from '../../src/app/config.ts'
import { readAddress } from '../../src/postgres/connection/url.ts'

const NO_FILE = join(tmpdir(), 'no-such-env-file')
const read = (env: NodeJS.ProcessEnv) => readConfig(env, NO_FILE)

test('without any variable the service listens on loopback only and fetches from Yahoo', () => {
  const { HOST, PORT, DATABASE_POOL, MA_WINDOWS, DEFAULT_PROVIDER } = read({})
  assert.deepEqual(
    { HOST, PORT, DATABASE_POOL, MA_WINDOWS, DEFAULT_PROVIDER },
    { HOST: '127.0.0.1', PORT: 8000, DATABASE_POOL: 8, MA_WINDOWS: [5], DEFAULT_PROVIDER: 'yfinance' },
  )
})

test('every mistake is reported at once, with its variable and the allowed values', () => {
  const env = {
    PORT: 'http',
    AUTH: 'maybe',
    MA_WINDOWS: '5,none',
    YFINANCE_BASE_URL: 'ftp://x',
    REPLAY_SPEED: '0',
    LOG_LEVEL: 'loud',
    RATE_LIMIT: '-1',
    TRUST_PROXY: 'everybody',
  }
  assert.throws(
    () => read(env),
    (error: unknown) => {
      assert.ok(error instanceof ConfigError)
      const named = error.problems.map((line) => line.split('=')[0])
      assert.deepEqual(new Set(named), new Set(Object.keys(env)))
      assert.ok(error.problems.includes('AUTH=maybe: must be one of on, off'))
      assert.ok(error.problems.includes('PORT=http: must be a whole number from 0 to 65535'))
      assert.ok(error.problems.includes('MA_WINDOWS=5,none: must be whole numbers from 1 to 500'))
      return true
    },
  )
})

test('an invalid database address is reported without its password', () => {
  assert.throws(
    () => read({ DATABASE_URL: 'mysql://me:secret@host/db' }),
    (error: Error) => !error.message.includes('secret'),
  )
})

test('an address that pg cannot read is a mistake; a percent sign, a missing host and a directory as host are not', () => {
  for (const url of ['postgres://me:%ff@host/db', 'postgres://me@host:x/db', 'postgres://me@[/db']) {
    assert.throws(() => read({ DATABASE_URL: url }), /^ConfigError: DATABASE_URL=…: must be an address/, url)
  }
  for (const [url, password, place] of [
    ['postgres://me:100%@host/db', '100%', 'postgres://me@host/db'],
    ['postgres://me@/db?host=/run/postgresql&password=hunter2', 'hunter2', 'postgres://me@/db?host=/run/postgresql'],
    ['postgresql://me:p%40ss@[::1]:5433/db', 'p@ss', 'postgresql://me@[::1]:5433/db'],
    ['postgres://me:a%20b%zz@host', 'a b%zz', 'postgres://me@host'],
  ] as const) {
    assert.ok(secretsOf(read({ DATABASE_URL: url })).includes(password), url)
    assert.equal(readAddress(url)?.shown, place)
    assert.equal(new pg.Client({ connectionString: url }).password, password)
  }
})

test('a proxy is a valid address or network', () => {
  const right = '127.0.0.1,10.0.0.0/8,::1,2001:db8::/32'
  assert.deepEqual(read({ TRUST_PROXY: right }).TRUST_PROXY, right.split(','))
  for (const wrong of ['999.1.1.1', '10.0.0.0/33', '10.0.0.0/0', '::1/129', '10.0.0.0/', '10.0.0.0/8/8', '1.2.3']) {
    assert.throws(() => read({ TRUST_PROXY: wrong }), /TRUST_PROXY=.*: must be addresses or networks/, wrong)
  }
})

test('lists are separated by commas, and an empty value counts as not set', () => {
  const { MA_WINDOWS, ALLOWED_HOSTS, PORT } = read({ MA_WINDOWS: '5, 20,200', ALLOWED_HOSTS: 'prices.lan', PORT: '' })
  assert.deepEqual(
    { MA_WINDOWS, ALLOWED_HOSTS, PORT },
    { MA_WINDOWS: [5, 20, 200], ALLOWED_HOSTS: ['prices.lan'], PORT: 8000 },
  )
})

test('an address is either loopback or reachable from other machines', () => {
  for (const HOST of ['127.0.0.1', '127.9.9.9', '::1', 'localhost']) assert.ok(isLoopback(read({ HOST }).HOST))
  for (const HOST of ['0.0.0.0', '::', '192.168.1.5', 'prices.lan']) assert.ok(!isLoopback(read({ HOST }).HOST))
})

test('the secrets of the settings are known, so that they can be kept out of the log', () => {
  const env = {
    DATABASE_URL: 'postgres://me:p%40ss@host/db',
    KAFKA_BROKERS: 'one:9092',
    KAFKA_SASL_MECHANISM: 'PLAIN',
    KAFKA_SASL_USERNAME: 'me',
    KAFKA_SASL_PASSWORD: 'hunter2',
  }
  const secrets = secretsOf(read(env))
  for (const secret of ['p%40ss', 'p@ss', 'hunter2']) assert.ok(secrets.includes(secret), secret)
  assert.deepEqual(secretsOf(read({})), [])
})

test('the required settings of the default provider must be set', () => {
  assert.throws(() => read({ DEFAULT_PROVIDER: 'replay' }), /REPLAY_FILE/)
})

test('the file .env supplies variables that the environment does not set', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'market-data-env-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, '.env')
  writeFileSync(file, '# ours\nPORT=9000\nLOG_LEVEL=debug\n')
  const { PORT, LOG_LEVEL } = readConfig({ PORT: '9001' }, file)
  assert.deepEqual({ PORT, LOG_LEVEL }, { PORT: 9001, LOG_LEVEL: 'debug' })
})

test('Kafka settings that belong together are required together, and the password is never repeated', () => {
  const { KAFKA_BROKERS, KAFKA_TOPIC, KAFKA_PARTITIONS } = read({ KAFKA_BROKERS: 'one:9092, two:9092' })
  assert.deepEqual(
    [KAFKA_BROKERS, KAFKA_TOPIC, KAFKA_PARTITIONS],
    [['one:9092', 'two:9092'], 'price-events', undefined],
  )
  assert.throws(() => read({ KAFKA_BROKERS: 'nowhere' }), /KAFKA_BROKERS=nowhere: must be host:port/)
  assert.throws(
    () => read({ KAFKA_SASL_MECHANISM: 'PLAIN', KAFKA_SASL_USERNAME: 'me' }),
    /missing: KAFKA_SASL_PASSWORD/,
  )
  assert.throws(() => read({ KAFKA_TLS_CERT: 'cert.pem' }), /missing: KAFKA_TLS_KEY/)
  assert.throws(
    () => read({ KAFKA_SASL_PASSWORD: 'hunter2' }),
    (error: Error) => !error.message.includes('hunter2'),
  )
})
