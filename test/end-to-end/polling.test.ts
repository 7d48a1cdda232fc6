import assert from 'node:assert/strict'
import test from 'node:test'
import { ask } from '../support/request.ts'
import { startService, type ServiceProcess } from '../support/service-process.ts'
import { until } from '../support/until.ts'

type Run = { readonly started_at: string; readonly outcome: string; readonly price_id: string }

const INTERVAL_MS = 1_000

test('a job survives kill -9: it continues to run once per interval, and stores nothing twice', async (t) => {
  const first = await startService(t)
  const body = { symbol: 'AAPL', interval_seconds: 1, provider: 'simulated' }
  const { json: created } = await ask(`${first.url}/prices/poll`, { method: 'POST', body })
  const id = created.job_id as string
  const before = await untilRuns(first, id, 4)
  await first.kill()

  const second = await startService(t, { dataDir: first.dataDir, env: { LOG_LEVEL: 'debug' } })
  const after = await untilRuns(second, id, before.length + 4)
  const { json: jobs } = await ask(`${second.url}/prices/poll`)
  assert.deepEqual(
    jobs.data.map((job: { job_id: string }) => job.job_id),
    [id],
  )
  for (const run of before)
    assert.ok(
      after.some(({ started_at }) => started_at === run.started_at),
      'no run is lost',
    )
  assertOncePerInterval(after)
  assert.deepEqual(new Set(after.map(({ outcome }) => outcome).filter((outcome) => outcome === 'failed')), new Set())

  // The simulated price of a second is always the same, and is never stored twice.
  const history = `${second.url}/prices/history?symbol=AAPL&provider=simulated&include=superseded&limit=10000`
  const prices = (await ask(history)).json.data as { timestamp: string; price_id: string }[]
  assert.equal(new Set(prices.map(({ timestamp }) => timestamp)).size, prices.length)
  const stored = new Set(prices.map((price) => price.price_id))
  for (const { price_id } of after) assert.ok(stored.has(price_id), 'every run has its price')

  // At debug, the log has one line for each request and one for each run.
  const lines = linesOf(second.stderr())
  const fetched = lines.filter(({ msg }) => msg === 'fetched')
  assert.ok(fetched.length > 0)
  for (const { provider, symbols, status } of fetched)
    assert.deepEqual([provider, symbols, status], ['simulated', 1, 200])
  const polled = lines.filter(({ msg }) => msg === 'polled')
  assert.ok(polled.length > 0)
  for (const { job, symbol } of polled) assert.deepEqual([job, symbol], [id, 'AAPL'])
})

type Line = Readonly<Record<string, unknown>>

function linesOf(log: string): readonly Line[] {
  return log.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Line] : []))
}

async function untilRuns({ url }: ServiceProcess, id: string, count: number): Promise<Run[]> {
  return until(async () => {
    const { json } = await ask(`${url}/prices/poll/${id}/runs?limit=10000`)
    const runs = json.data as Run[]
    return runs.length >= count && runs
  }, `${count} runs`)
}

/** A late run may start just before the next one, but there are never more runs than elapsed intervals. */
function assertOncePerInterval(newestFirst: readonly Run[]): void {
  const starts = newestFirst.map(({ started_at }) => Date.parse(started_at)).toReversed()
  for (const [index, start] of starts.entries()) {
    const elapsed = Math.floor((start - starts[0]!) / INTERVAL_MS) + 1
    assert.ok(index + 1 <= elapsed + 1, `${index + 1} runs in ${elapsed} intervals`)
  }
}
