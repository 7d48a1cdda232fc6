import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { ask } from './support/request.ts'
import { runCommand, startService } from './support/service-process.ts'
import { until } from './support/until.ts'

const COLLECTION = fileURLToPath(new URL('../Blockhouse-Market-Data.postman_collection.json', import.meta.url))
const NEWMAN = fileURLToPath(new URL('../node_modules/newman/bin/newman.js', import.meta.url))

test('newman runs the Postman collection in order, and every request succeeds, on simulated prices', async (t) => {
  const { url } = await startService(t, { args: ['--demo'] })
  const average = `${url}/moving-averages/latest?symbol=AAPL&provider=simulated`
  await until(async () => (await ask(average)).status === 200, 'five prices')
  const body = { symbol: 'ETH-USD', interval_minutes: 60, provider: 'simulated' }
  const readme = await ask(`${url}/prices/poll`, { method: 'POST', body })
  const { code, output } = await newman('run', COLLECTION, '--env-var', `baseUrl=${url}`, '--color', 'off')
  assert.equal(code, 0, output)
  const symbols = (await ask(`${url}/prices/poll`)).json.data.map((job: { symbol: string }) => job.symbol)
  assert.ok(symbols.includes('ETH-USD'), 'the job of the README is still there')
  await ask(`${url}/prices/poll/${readme.json.job_id}`, { method: 'DELETE' })
  t.diagnostic(/^.*assertions.*$/m.exec(output)?.[0] ?? '')

  const { json: jobs } = await ask(`${url}/prices/poll`)
  const demo = jobs.data.map((job: { symbol: string; interval_seconds: string }) => job.interval_seconds)
  assert.deepEqual(new Set(demo), new Set(['2']), 'the jobs of the demo are unchanged')
})

test('on a service that requires a key, the collection runs with the variable key', async (t) => {
  const { url, dataDir } = await startService(t, { args: ['--demo'] })
  const average = `${url}/moving-averages/latest?symbol=AAPL&provider=simulated`
  await until(async () => (await ask(average)).status === 200, 'five prices')
  const { stdout } = await runCommand(['keys', 'create', '--scope', 'write'], { dataDir })
  await until(async () => (await ask(average)).status === 401, 'a key is required')
  const variables = ['--env-var', `baseUrl=${url}`, '--env-var', `key=${stdout.trim()}`]
  const { code, output } = await newman('run', COLLECTION, ...variables, '--color', 'off')
  assert.equal(code, 0, output)
})

async function newman(...args: string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, ['--disable-warning=DEP0176', NEWMAN, ...args], { timeout: 120_000 })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (output += part))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, output }
}
