import assert from 'node:assert/strict'
import test from 'node:test'
import { createDataDir, runCommand, startService } from '../../support/service-process.ts'
import { until } from '../../support/until.ts'

type JobBody = { job_id: string; symbol: string; interval_seconds: number; status: string; last_run: object | null }

test('a job that a command creates is run by the running service, and follows later commands', async (t) => {
  const { dataDir } = await startService(t)
  /** Returns the only job. */
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await runCommand(['jobs', ...args, '--json'], { dataDir })
    assert.deepEqual([code, stderr], [0, ''], args.join(' '))
    const { data } = JSON.parse(stdout) as { data: JobBody[] }
    assert.equal(data.length, 1)
    return data[0] as JobBody
  }

  const created = await run('add', 'AAPL', '--every', '1h', '--provider', 'simulated')
  assert.deepEqual([created.symbol, created.interval_seconds, created.status], ['AAPL', 3600, 'active'])
  const first = await until(async () => (await run('list')).last_run ?? undefined, 'the first run')

  assert.equal((await run('pause', 'aapl')).status, 'paused')
  await run('run', created.job_id.slice(0, 8))
  await until(async () => JSON.stringify((await run('list')).last_run) !== JSON.stringify(first), 'the manual run')
  assert.equal((await run('resume', created.job_id)).status, 'active')

  const table = await runCommand(['jobs'], { dataDir })
  assert.match(table.stdout, /^JOB +SYMBOL +PROVIDER .*\n[0-9a-f]{8} +AAPL +simulated +1h +active /)
  assert.equal((await run('delete', 'AAPL')).job_id, created.job_id)
  const left = await runCommand(['jobs', 'list', '--json'], { dataDir })
  assert.deepEqual(JSON.parse(left.stdout), { data: [] })
})

test('without a service, jobs are stored for the next one, and a message reports that none is running', async () => {
  const dataDir = createDataDir()
  const none = await runCommand(['jobs'], { dataDir })
  assert.equal(none.code, 0)
  assert.match(none.stderr, /^market-data: No jobs\. To create one: market-data jobs add /)
  const created = await runCommand(['jobs', 'add', 'AAPL', 'MSFT', '-e', '90s', '-p', 'simulated'], { dataDir })
  assert.equal(created.code, 0)
  assert.match(created.stdout, /AAPL +simulated +90s +active +due +-\n.*MSFT/)
  assert.equal(created.stderr, 'market-data: No service is running: start one to run jobs.\n')

  const again = ['jobs', 'add', 'AAPL', '-e', '90s', '-p', 'simulated', '--market-hours', 'regular']
  const replaced = await runCommand(again, { dataDir })
  assert.match(replaced.stdout, /AAPL +simulated +90s regular +active /)
  assert.match(replaced.stderr, /^market-data: Replaced the schedule of existing jobs: AAPL\.\n/)
  const imported = await runCommand(['jobs', 'add', 'AAPL', '-e', '1m', '-p', 'import'], { dataDir })
  assert.deepEqual([imported.code, imported.stdout], [1, ''])
  assert.match(imported.stderr, /come from files/)

  await runCommand(['jobs', 'add', 'AAPL', '-e', '1s', '-p', 'yahoo'], { dataDir })
  const [unknown, ambiguous, exact] = [
    await runCommand(['jobs', 'pause', 'MSFT', 'TSLA'], { dataDir }),
    await runCommand(['jobs', 'pause', 'AAPL'], { dataDir }),
    await runCommand(['jobs', 'pause', 'AAPL', '--provider', 'yahoo'], { dataDir }),
  ]
  assert.deepEqual([unknown.code, unknown.stdout], [1, ''])
  assert.match(unknown.stderr, /^market-data: No job "TSLA"; see market-data jobs list\.\n$/)
  assert.equal(ambiguous.code, 1)
  assert.match(
    ambiguous.stderr,
    /^market-data: Several jobs match AAPL: [0-9a-f]{8} \(.*\)\. Use an id or --provider\.\n$/,
  )
  assert.match(exact.stdout, /AAPL +yfinance +1s +paused +- +-\n$/)
  const { stdout } = await runCommand(['jobs', 'list', '--json'], { dataDir })
  const { data } = JSON.parse(stdout) as { data: JobBody[] }
  assert.deepEqual(data.map(({ status }) => status).toSorted(), ['active', 'active', 'paused'])
})
