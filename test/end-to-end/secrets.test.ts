import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { createDbRoles } from '../../src/postgres/schema/grants.ts'
import { createPool } from '../../src/postgres/connection/pool.ts'
import { undamagedBody, type HashedBody } from '../../src/postgres/ingest/raw-replies.ts'
import { createKeySecret } from '../../src/core/access/secret.ts'
import type { Json } from '../support/request.ts'
import { createDatabaseConnection, createUser } from '../support/database.ts'
import { LAUNCHER, runCommand, startService } from '../support/service-process.ts'
import { until } from '../support/until.ts'
import { createYahooFake, SEARCH_PATH, yahooQuote } from '../support/yahoo-fake.ts'

// Canaries: secrets are put everywhere a caller or a setting can put them, and must then appear nowhere.

const PASSWORD = 'canary-of-kafka'
/** No provider of ours uses a key, but the fake Yahoo issues these and requires them. */
const OF_PROVIDER = { cookie: 'd=fake', crumb: 'crumb1' }

async function createHarness(t: TestContext) {
  const connection = await createDatabaseConnection(t)
  const owner = createPool(connection, { size: 2, onError: () => {} })
  t.after(() => owner.end())
  const createRoles = () =>
    createDbRoles(owner).catch((error) =>
      /concurrently|duplicate/.test(String(error)) ? undefined : Promise.reject(error),
    )
  await until(createRoles, 'the roles are created')
  const url = await createUser(t, connection, 'mds_ingest')
  const yahoo = await createYahooFake(t)
  yahoo.quote('AAPL', yahooQuote('AAPL', '1.5'))
  const env = {
    DATABASE_URL: url,
    KAFKA_SASL_MECHANISM: 'PLAIN',
    KAFKA_SASL_USERNAME: 'me',
    KAFKA_SASL_PASSWORD: PASSWORD,
    KAFKA_BROKERS: '127.0.0.1:1',
    YFINANCE_BASE_URL: yahoo.url,
    LOG_LEVEL: 'trace',
  }
  const service = await startService(t, { env, args: ['--roles', 'api,poller'] })
  const responses: string[] = []
  const send = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(service.url + path, { ...init, signal: AbortSignal.timeout(30_000) })
    const text = await response.text()
    responses.push(`${path.slice(0, 40)} ${JSON.stringify([...response.headers])} ${text}`)
    return { status: response.status, text, headers: response.headers }
  }
  return { owner, yahoo, service, env, responses, send, password: new URL(url).password }
}

/** Every row of every table as text, and every reply uncompressed. */
async function dumpOf(pool: Awaited<ReturnType<typeof createHarness>>['owner']): Promise<string> {
  const { rows } = await pool.query(`select format('%I', tablename) as name from pg_tables where schemaname = 'public'`)
  const tables = await Promise.all(rows.map(({ name }) => pool.query(`select one::text from ${name} as one`)))
  assert.ok(tables.length >= 14, `${tables.length} tables`)
  const bodies = await pool.query<HashedBody>('select sha256, encoding, body from raw_bodies')
  assert.ok(bodies.rowCount, 'replies are stored')
  const replies = bodies.rows.map((row) => String(undamagedBody(row) ?? assert.fail('a reply is damaged')))
  return JSON.stringify([tables.map((table) => table.rows), replies])
}

type Send = Awaited<ReturnType<typeof createHarness>>['send']

/** Sends a secret in every header that may contain one, intentionally or by mistake. */
async function sendInHeaders(send: Send, right: Record<string, string>, secret: string): Promise<void> {
  for (const headers of [
    { authorization: `Bearer ${secret}` },
    { 'x-api-key': secret },
    { cookie: `market_data_session=${secret}` },
    { ...right, 'x-request-id': secret },
    { ...right, 'last-event-id': secret },
    { ...right, 'user-agent': secret, referer: `http://localhost/${secret}`, origin: `http://${secret}.example` },
  ]) {
    await send('/providers', { headers })
    await send('/prices/latest?symbol=AAPL&max_age=0', { headers })
    await send('/prices/poll', { method: 'POST', headers, body: secret })
  }
}

/** Sends a secret in every path, in some query parameters of each, and in a body. */
async function sendInUrls(send: Send, right: Record<string, string>, secret: string): Promise<void> {
  const document: Json = JSON.parse((await send('/openapi.json', { headers: right })).text)
  const names = ['api_key', 'symbol', 'provider', 'q', 'cursor']
  const queries = ['', ...names.map((name) => `?${name}=${secret}`)]
  const paths = Object.keys(document.paths).filter((pattern) => pattern !== '/prices/stream')
  for (const path of [...paths.map((pattern) => pattern.replaceAll(/\{\w+\}/g, secret)), `/${secret}`]) {
    for (const query of queries) await send(path + query, { headers: right })
  }
  const body = JSON.stringify({ symbol: secret, interval_seconds: 60, provider: secret, [secret]: secret })
  for (const type of ['application/json', secret]) {
    await send('/prices/poll', { method: 'POST', headers: { ...right, 'content-type': type }, body })
  }
}

function assertNowhere(outputs: Readonly<Record<string, string>>, secrets: Readonly<Record<string, string>>): void {
  for (const [output, text] of Object.entries(outputs)) {
    for (const [what, secret] of Object.entries(secrets)) {
      const at = text.indexOf(secret)
      assert.equal(at, -1, `${what} in ${output}: ${text.slice(Math.max(0, at - 200), at + 80)}`)
    }
  }
}

test('no key, session or password appears in any log, response, metric or table, wherever callers and settings put it', async (t) => {
  const { owner, yahoo, service, env, responses, send, password } = await createHarness(t)
  const create = await runCommand(['keys', 'create', '--scope', 'admin', '--json'], { env })
  const { key } = JSON.parse(create.stdout) as { key: string }
  const wrong = createKeySecret().text
  const right = { authorization: `Bearer ${key}` }
  const signIn = await fetch(`${service.url}/session`, { method: 'POST', headers: right })
  const session = /mds_page_\w+/.exec(signIn.headers.get('set-cookie') ?? '')?.[0] ?? ''
  assert.ok(session)
  for (const secret of [key, wrong, session]) await sendInHeaders(send, right, secret)
  for (const secret of [key, session]) await sendInUrls(send, right, secret)
  assert.equal((await send('/metrics', { headers: right })).status, 200)
  const doctor = await runCommand(['doctor'], { env })
  assert.equal(doctor.code, 1)
  const relay = await startService(t, { env, command: [process.execPath, LAUNCHER, 'relay'], awaits: '/livez' })
  await until(() => /Kafka/.test(relay.stderr()), 'the relay logs that Kafka is down')
  await Promise.all([service.stop(), relay.stop()])

  const log = service.stderr() + service.stdout()
  assert.ok(log.split('\n').length > 200, 'the log is detailed')
  assert.match(log, /"security":"key_refused"/)
  const outputs = {
    log,
    responses: responses.join('\n'),
    commands: doctor.stdout + doctor.stderr + relay.stdout() + relay.stderr(),
    tables: await dumpOf(owner),
  }
  assertNowhere(outputs, { key, wrong, session, password, PASSWORD, ...OF_PROVIDER })
  // Search terms are passed on to the provider.
  const requests = yahoo.asked
    .filter(({ path }) => path !== SEARCH_PATH)
    .map(({ path, query, cookie, body }) => `${path} ${String(query)} ${cookie} ${body}`)
  assertNowhere({ provider: requests.join('\n') }, { key, wrong, session, password, PASSWORD })
})
