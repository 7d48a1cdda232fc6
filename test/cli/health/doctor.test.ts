import assert from 'node:assert/strict'
import { createServer, type AddressInfo } from 'node:net'
import test from 'node:test'
import { createDataDir, runCommand, startService } from '../../support/service-process.ts'

type Report = { status: string; checks: { name: string; status: string; detail: string; help?: string }[] }

const env = { DEFAULT_PROVIDER: 'simulated' }

test('beside a healthy service doctor finds everything right', async (t) => {
  const { dataDir, url } = await startService(t)
  const beside = { dataDir, env: { ...env, PORT: new URL(url).port } }
  const { code, stdout, stderr } = await runCommand(['doctor', '--json'], beside)
  const { status, checks } = JSON.parse(stdout) as Report
  assert.deepEqual([code, stderr, status], [0, '', 'ok'])
  const names = 'node, configuration, data directory, database, clock, tables, averages, log, jobs, service, provider'
  assert.equal(checks.map(({ name }) => name).join(', '), names)
  const lines = await runCommand(['doctor'], beside)
  assert.match(lines.stdout, /^(ok {2}\S.* {2}\S.*\n)+$/)
})

test('where nothing was ever started doctor warns, says what to do, and makes nothing', async () => {
  const dataDir = createDataDir()
  const port = await unusedPort()
  const { code, stdout } = await runCommand(['doctor'], { dataDir, env: { ...env, PORT: port } })
  assert.equal(code, 0)
  assert.match(stdout, /^ok +database +none yet; the first start creates it$/m)
  assert.match(stdout, /^warn +service +none at \S+\n {6}To start it: market-data serve$/m)
  const again = await runCommand(['doctor'], { dataDir, env: { ...env, PORT: port } })
  assert.equal(again.stdout.replaceAll(/\d+ MiB/g, ''), stdout.replaceAll(/\d+ MiB/g, ''))
})

test('what keeps the service from working fails, with exit code 1', async (t) => {
  const stranger = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nhello'))
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve))
  t.after(() => stranger.close())
  const port = String((stranger.address() as AddressInfo).port)
  const reports = await Promise.all(
    [
      { PORT: port, DATA_DIR: createDataDir() },
      { PORT: '0', DATABASE_URL: `postgres://nobody@127.0.0.1:${await unusedPort()}/nowhere` },
      { PORT: 'many' },
    ].map((more) => runCommand(['doctor', '--json'], { env: { ...env, ...more } })),
  )
  const failed = reports.map(({ code, stdout }) => {
    const { status, checks } = JSON.parse(stdout) as Report
    const wrong = checks.filter((check) => check.status === 'fail')
    return [code, status, wrong.map(({ name }) => name).join()]
  })
  assert.deepEqual(failed, [
    [1, 'fail', 'service'],
    [1, 'fail', 'database'],
    [1, 'fail', 'configuration'],
  ])
})

async function unusedPort(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return String(port)
}
