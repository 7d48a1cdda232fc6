import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { ask } from '../support/request.ts'
import { createDatabaseConnection, urlOf } from '../support/database.ts'
import { openStreamWith } from '../support/price-stream.ts'
import { createDataDir, createFolder, runCommand, startService } from '../support/service-process.ts'
import { until } from '../support/until.ts'

type CreatedKey = { readonly id: string; readonly key: string }

const bearer = (key: string) => ({ authorization: `Bearer ${key}` })
const statusOf = async (url: string, headers = {}) => (await ask(url, { headers })).status

/** Two services on one database, and the key commands. */
async function createServices(t: TestContext) {
  const env = { DATABASE_URL: urlOf(await createDatabaseConnection(t)) }
  const [one, two] = await Promise.all([startService(t, { env }), startService(t, { env })])
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await runCommand(['keys', ...args], { env })
    assert.equal(code, 0, stderr)
    return { stdout, stderr }
  }
  const create = async (...args: string[]) => JSON.parse((await run('create', ...args, '--json')).stdout) as CreatedKey
  return { one, two, run, create }
}

test('the commands create, list and revoke keys; a running service accepts a new key immediately', async (t) => {
  const { one, run, create } = await createServices(t)
  assert.match((await run('list')).stderr, /No keys have been created/)
  const created = await create('--scope', 'read', '--name', 'dashboards', '--expires', '90d')
  const { key, ...shown } = created
  assert.deepEqual(Object.keys(created), ['id', 'key', 'name', 'scopes', 'created_at', 'expires_at'])
  assert.equal(await statusOf(`${one.url}/providers`, bearer(key)), 200)
  assert.equal(await statusOf(`${one.url}/keys`, bearer(key)), 403)
  const list = (await run('list', '--json')).stdout
  assert.deepEqual(JSON.parse(list).data, [{ ...shown, revoked_at: null }])
  assert.match(
    (await run('list')).stdout,
    new RegExp(`^KEY .*\n${created.id}  read  .*  valid until 2\\S+Z  dashboards\n$`),
  )
  const plain = await run('create', '--scope', 'admin')
  assert.match(plain.stdout, /^mds_live_\w{49}\n$/)
  assert.match((await run('revoke', created.id)).stdout, new RegExp(`^revoked ${created.id}\n$`))
  assert.match((await run('list')).stdout, /revoked 2/)
  const unknown = await runCommand(['keys', 'revoke', 'nobodys'], { dataDir: createDataDir() })
  assert.deepEqual([unknown.code, unknown.stderr], [1, 'market-data: No key nobodys exists.\n'])
})

test('the first key closes every process within 5 s, and every process rejects a revoked key and ends its streams', async (t) => {
  const { one, two, run, create } = await createServices(t)
  assert.match(one.stdout(), /Access +this machine only, without a key/)
  const urls = [one.url, two.url]
  for (const url of urls) assert.equal(await statusOf(`${url}/providers`), 200)
  // One waits for each URL, because repeated requests with a wrong key would end in 429.
  const untilAllReject = async (headers = {}) => {
    const since = performance.now()
    const rejects = async (url: string) => (await statusOf(`${url}/providers`, headers)) === 401
    await Promise.all(urls.map((url) => until(() => rejects(url), `${url} returns 401`)))
    return performance.now() - since
  }
  await create('--scope', 'admin')
  const closed = await untilAllReject()
  const waits: number[] = []
  // On a busy machine, one of them may be slow.
  for (let n = 0; n < 3 && !(Math.min(...waits) < 5_000); n++) {
    const { id, key } = await create('--scope', 'read')
    const streams = await Promise.all(urls.map((url) => openStreamWith(t, `${url}/prices/stream`, bearer(key))))
    await run('revoke', id)
    const since = performance.now()
    await untilAllReject(bearer(key))
    await until(() => streams.every(({ response }) => response.destroyed), 'the streams have ended')
    waits.push(performance.now() - since)
  }
  t.diagnostic(`closed after ${Math.round(closed)} ms, revoked after ${waits.map(Math.round).join(', ')} ms`)
  assert.ok(Math.min(...waits) < 5_000)
  const doctor = await runCommand(['doctor', '--json'], {
    dataDir: createDataDir(),
    env: { PORT: new URL(one.url).port, DEFAULT_PROVIDER: 'simulated' },
  })
  const checks = JSON.parse(doctor.stdout).checks as { name: string; status: string; detail: string }[]
  const service = checks.find(({ name }) => name === 'service')
  assert.equal(service?.status, 'ok', service?.detail)
})

test('a service that other machines can reach starts only if a key exists, and requires one even if the last key was revoked', async (t) => {
  const dataDir = createDataDir()
  const env = { HOST: '0.0.0.0' }
  const refused = await runCommand(['serve'], { dataDir, env })
  assert.equal(refused.code, 78)
  assert.match(refused.stderr, /^market-data: HOST=0\.0\.0\.0: .*keys create.*AUTH=off.*\n$/)
  const created = JSON.parse(
    (await runCommand(['keys', 'create', '-s', 'admin', '--json'], { dataDir })).stdout,
  ) as CreatedKey
  const service = await startService(t, { dataDir, env })
  assert.match(service.stdout(), /Access +requires an API key/)
  assert.equal(await statusOf(`${service.url}/providers`), 401)
  assert.equal(await statusOf(`${service.url}/providers`, bearer(created.key)), 200)
  await ask(`${service.url}/keys/${created.id}`, { method: 'DELETE', headers: bearer(created.key) })
  await service.stop()
  const again = await startService(t, { dataDir, env })
  assert.equal(await statusOf(`${again.url}/providers`), 401)
})

test('the first key of a container is in a file that only its account can read, even after a crash; an existing file is never overwritten', async (t) => {
  const dataDir = createDataDir()
  const file = join(createFolder(), 'first-key')
  const env = { HOST: '0.0.0.0', FIRST_KEY_FILE: file }
  const first = await startService(t, { dataDir, env })
  const key = readFileSync(file, 'utf8').trim()
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.equal(await statusOf(`${first.url}/keys`, bearer(key)), 200)
  await first.stop()
  const second = await startService(t, { dataDir, env })
  assert.equal(readFileSync(file, 'utf8').trim(), key)
  assert.equal(await statusOf(`${second.url}/keys`, bearer(key)), 200)

  // As after a crash between writing the file and storing the key.
  await second.stop()
  const third = await startService(t, { dataDir: createDataDir(), env })
  assert.equal(readFileSync(file, 'utf8').trim(), key)
  assert.equal(await statusOf(`${third.url}/keys`, bearer(key)), 200)

  writeFileSync(file, 'mine')
  const refused = await runCommand(['serve'], { dataDir: createDataDir(), env })
  assert.deepEqual([refused.code, readFileSync(file, 'utf8')], [78, 'mine'])
  assert.match(refused.stderr, /FIRST_KEY_FILE=.*EEXIST/)
})
