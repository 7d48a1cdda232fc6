import assert from 'node:assert/strict'
import test from 'node:test'
import { createDataDir, runCommand, startService } from '../../support/service-process.ts'
import { until } from '../../support/until.ts'

type JobAnswer = { job_id: string; symbol: string; interval_seconds: number; status: string; last_run: object | null }

test('a job that a command makes is run by the service that is there, and obeys what commands say after', async (t) => {
  const { dataDir } = await startService(t)
  /** Gives the one job that it is all about. */
  const run = async (...words: string[]) => {
    const { code, stdout, stderr } = await runCommand(['jobs', ...words, '--json'], { dataDir })
    assert.deepEqual([code, stderr], [0, ''], words.join(' '))
    const { data } = JSON.parse(stdout) as { data: JobAnswer[] }
    assert.equal(data.length, 1)
    return data[0] as JobAnswer
  }

  const made = await run('add', 'AAPL', '--every', '1h', '--provider', 'simulated')
  assert.deepEqual([made.symbol, made.interval_seconds, made.status], ['AAPL', 3600, 'active'])
  const first = await until(async () => (await run('list')).last_run ?? undefined, 'the first run')

  assert.equal((await run('pause', 'aapl')).status, 'paused')
  await run('run', made.job_id.slice(0, 8))
  await until(async () => JSON.stringify((await run('list')).last_run) !== JSON.stringify(first), 'the run by hand')
  assert.equal((await run('resume', made.job_id)).status, 'active')

  const table = await runCommand(['jobs'], { dataDir })
  assert.match(table.stdout, /^JOB +SYMBOL +PROVIDER .*\n[0-9a-f]{8} +AAPL +simulated +1h +active /)
  assert.equal((await run('delete', 'AAPL')).job_id, made.job_id)
  const left = await runCommand(['jobs', 'list', '--json'], { dataDir })
  assert.deepEqual(JSON.parse(left.stdout), { data: [] })
})

test('without a service jobs are kept for it, and a message says that none runs', async () => {
  const dataDir = createDataDir()
  const none = await runCommand(['jobs'], { dataDir })
  assert.equal(none.code, 0)
  assert.match(none.stderr, /^market-data: There are no jobs\. To make one: market-data jobs add /)
  const made = await runCommand(['jobs', 'add', 'AAPL', 'MSFT', '-e', '90s', '-p', 'simulated'], { dataDir })
  assert.equal(made.code, 0)
  assert.match(made.stdout, /AAPL +simulated +90s +active +due +-\n.*MSFT/)
  assert.equal(made.stderr, 'market-data: No service is running: start one to run jobs.\n')

  await runCommand(['jobs', 'add', 'AAPL', '-e', '1s', '-p', 'yahoo'], { dataDir })
  const [unknown, ambiguous, exact] = [
    await runCommand(['jobs', 'pause', 'MSFT', 'TSLA'], { dataDir }),
    await runCommand(['jobs', 'pause', 'AAPL'], { dataDir }),
    await runCommand(['jobs', 'pause', 'AAPL', '--provider', 'yahoo'], { dataDir }),
  ]
  assert.deepEqual([unknown.code, unknown.stdout], [1, ''])
  assert.match(unknown.stderr, /^market-data: There is no job "TSLA"; see market-data jobs list\.\n$/)
  assert.equal(ambiguous.code, 1)
  assert.match(
    ambiguous.stderr,
    /^market-data: AAPL is more than one job: [0-9a-f]{8} \(.*\)\. Name its id, or --provider\.\n$/,
  )
  assert.match(exact.stdout, /AAPL +yfinance +1s +paused +- +-\n$/)
  const { stdout } = await runCommand(['jobs', 'list', '--json'], { dataDir })
  const { data } = JSON.parse(stdout) as { data: JobAnswer[] }
  assert.deepEqual(data.map(({ status }) => status).toSorted(), ['active', 'active', 'paused'])
})
