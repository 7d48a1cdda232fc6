import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { DCLinter } from 'dclint'
import pg from 'pg'
import { ask } from '../support/request.ts'
import { confined, createContainers, healthCheck, imageEnvironment, project, readCompose } from '../support/compose.ts'
import { asGrafanaSends, dashboardQueries, datasourceUids, startPrometheus } from '../support/dashboards.ts'
import { isInstalled, needsKafka } from '../support/kafka.ts'
import { runCommand, type ServiceProcess } from '../support/service-process.ts'
import { until } from '../support/until.ts'

const needsPrometheus = {
  skip: process.env['CI'] !== 'true' && !isInstalled('prometheus') && 'no Prometheus: install it',
}

// No container engine is at hand where this runs: the files are read, and what they say is done with plain processes.

test('compose.yaml is what the Compose specification allows, and a linter finds nothing', () => {
  const inOurOrder = ['service-keys-order', 'services-alphabetical-order', 'top-level-properties-order']
  const rules = {
    ...Object.fromEntries(inOurOrder.map((rule) => [rule, 0 as const])),
    // The image is built and named in one place.
    'no-build-and-image': 0 as const,
  }
  const linter = new DCLinter({ rules, quiet: true, debug: false, exclude: [] })
  const [result] = linter.lintFiles([join(project, 'compose.yaml')], false)
  assert.deepEqual(result?.messages, [])
})

test('no container has a capability or can gain privileges, only Kafka may write its own files, and every port is on loopback', () => {
  for (const [name, container] of Object.entries(readCompose())) {
    assert.deepEqual(container.cap_drop, ['ALL'], name)
    assert.deepEqual(container.security_opt, ['no-new-privileges:true'], name)
    assert.equal(container.read_only, name !== 'kafka', name)
    for (const port of container.ports ?? []) assert.match(port, /^127\.0\.0\.1:/, name)
    assert.match(container.image, /:v?\d+\.\d+/, name)
  }
})

test('every panel queries a data source that Grafana has', () => {
  const known = datasourceUids()
  assert.deepEqual(new Set(dashboardQueries().map(({ datasource }) => datasource)), new Set(known))
})

test('without the passwords of .env nothing starts, and the message names the documentation', () => {
  assert.throws(() => readCompose({}), /docs\/how-to\/compose\.md/)
  assert.ok(existsSync(join(project, 'docs/how-to/compose.md')))
})

test(
  'migrate, api, poller, relay and two consumers work together as compose.yaml starts them, with the rights it grants, and shut down cleanly',
  needsKafka,
  async (t) => {
    t.diagnostic(`confined by: ${confined().join(' ') || 'nothing more than this user'}`)
    const containers = await createContainers(t)
    assert.deepEqual(await containers.run('migrate'), { code: 0, stderr: '' })
    const started = await Promise.all(
      ['api', 'poller', 'relay', 'consumer', 'consumer'].map((name) => containers.start(name)),
    )
    const [api, poller, relay, consumer] = started as [ServiceProcess, ServiceProcess, ServiceProcess, ServiceProcess]

    const order = { symbol: 'AAPL', provider: 'simulated', interval_seconds: 1 }
    assert.equal((await ask(`${api.url}/prices/poll`, { method: 'POST', body: order })).status, 202)
    const average = `${api.url}/moving-averages/latest?symbol=AAPL&provider=simulated`
    await until(async () => (await ask(average)).status === 200, 'an average, by way of Kafka')
    const { code, stdout } = await runCommand(['verify'], {
      env: { DATABASE_URL: containers.databaseOf('market_data') },
    })
    assert.equal(code, 0, stdout)

    await t.test('every panel on Prometheus shows something, and every alert is evaluated', needsPrometheus, (shown) =>
      showOnPrometheus(shown, { api, poller, relay, consumer }),
    )
    await t.test("every panel of prices is read by Grafana's user, who may read nothing else", () =>
      showPrices(containers.databaseOf('grafana')),
    )

    assert.ok(isHealthy(api), 'as the image has it asked')
    for (const service of started) assert.equal(await service.stop(), 0, service.stderr())
    assert.ok(!isHealthy(api))
  },
)

async function showOnPrometheus(t: TestContext, roles: Readonly<Record<string, ServiceProcess>>): Promise<void> {
  const targets = Object.entries(roles).map(([role, { url }]) => [role, url])
  const prometheus = await startPrometheus(t, Object.fromEntries(targets))
  const queries = dashboardQueries().filter(({ datasource }) => datasource === 'prometheus')
  const shown = queries.map(({ of, text }) =>
    until(async () => (await prometheus.query(text)).length > 0, `${of} shows something: ${text}`),
  )
  await Promise.all(shown)
  await until(async () => (await prometheus.alerts()).every(({ health }) => health === 'ok'), 'alerts are evaluated')
  const alerts = await prometheus.alerts()
  assert.ok(alerts.length > 0)
  assert.deepEqual(
    alerts.filter(({ state }) => state !== 'inactive'),
    [],
  )
}

async function showPrices(database: string): Promise<void> {
  const client = new pg.Client(database)
  await client.connect()
  const queries = dashboardQueries().filter(({ datasource }) => datasource === 'prices')
  for (const { of, text } of queries) {
    const { rowCount } = await client.query(asGrafanaSends(text, { symbol: 'AAPL', provider: 'simulated' }))
    assert.ok(Number(rowCount) > 0 || of.endsWith('Corrections'), of)
  }
  await assert.rejects(client.query('select from prices'), { code: '42501' })
  await client.end()
}

/** As a container engine asks. */
function isHealthy({ url }: ServiceProcess): boolean {
  const [program = '', ...args] = healthCheck()
  const env = { ...imageEnvironment(), PORT: new URL(url).port }
  return spawnSync(program, args, { env, timeout: 20_000 }).status === 0
}
