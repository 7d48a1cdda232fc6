import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHttpService } from '../../support/http-service.ts'

test('a job is accepted with the same response as in the original service', async (t) => {
  const { ask } = await createHttpService(t)
  const body = { symbol: 'AAPL', interval_minutes: 60, provider: 'scripted' }
  const answer = await ask('/prices/poll', { method: 'POST', body })
  assert.equal(answer.status, 202)
  const { job_id, jobs, ...accepted } = answer.json()
  assert.deepEqual(Object.keys(answer.json()), ['message', 'job_id', 'status', 'config', 'jobs'])
  assert.deepEqual(accepted, {
    message: 'Polling job scheduled for symbol: AAPL',
    status: 'accepted',
    config: { symbols: ['AAPL'], interval: 3600 },
  })
  assert.equal(jobs[0].job_id, job_id)
  assert.deepEqual((await ask(`/prices/poll/${job_id}`)).json(), jobs[0])
})

test('each of several symbols gets a job, and another request replaces the interval of an existing one', async (t) => {
  const { ask } = await createHttpService(t)
  const post = async (body: unknown) => (await ask('/prices/poll', { method: 'POST', body })).json()
  const first = await post({ symbols: ['aapl', 'MSFT', 'AAPL'], interval_seconds: 2 })
  assert.equal(first.message, 'Polling job scheduled for symbols: AAPL, MSFT')
  assert.equal(first.job_id, undefined)
  assert.equal(first.job_ids.length, 2)
  assert.match(first.warning, /every 10 s/)
  const again = await post({ symbol: 'MSFT', interval_minutes: 0.5, provider: 'alias' })
  assert.deepEqual([again.job_id, again.config.interval, again.warning], [first.job_ids[1], 30, undefined])
  assert.equal((await ask('/prices/poll')).json().data.length, 2)
})

test('a job can be paused, resumed, changed, run and deleted', async (t) => {
  const { ask } = await createHttpService(t)
  const { job_id } = (
    await ask('/prices/poll', { method: 'POST', body: { symbol: 'AAPL', interval_seconds: 60 } })
  ).json()
  const path = `/prices/poll/${job_id}`
  const change = async (body: unknown) => (await ask(path, { method: 'PATCH', body })).json()
  const paused = await change({ status: 'paused' })
  assert.deepEqual([paused.status, paused.next_run_at], ['paused', null])
  const ran = await ask(`${path}/run`, { method: 'POST' })
  assert.equal(ran.status, 202)
  assert.notEqual(ran.json().next_run_at, null)
  const active = await change({ status: 'active', interval_seconds: 90 })
  assert.deepEqual([active.status, active.interval_seconds], ['active', 90])
  assert.deepEqual((await ask(`${path}/runs`)).json(), { data: [], next_cursor: null, next_url: null })
  // Many clients name a type on every request.
  const ended = await ask(path, { method: 'DELETE', headers: { 'content-type': 'application/json' }, body: '' })
  assert.deepEqual([ended.status, ended.text], [204, ''])
  assert.equal((await ask(path)).status, 404)
})

test('jobs and runs are listed in pages', async (t) => {
  const { ask, pool } = await createHttpService(t)
  const symbols = ['A', 'B', 'C', 'D', 'E']
  const { job_ids } = (await ask('/prices/poll', { method: 'POST', body: { symbols, interval_seconds: 60 } })).json()
  const seen: string[] = []
  for (let next = '/prices/poll?limit=2'; next !== null;) {
    const page = (await ask(next)).json()
    seen.push(...page.data.map((job: { symbol: string }) => job.symbol))
    next = page.next_url
  }
  assert.deepEqual(seen.toSorted(), symbols)
  await pool.query(
    `insert into polling_runs (job_id, started_at, finished_at, outcome, error)
     values ($1, now(), now(), 'failed', '{"code": "provider_timeout", "detail": "Too slow."}')`,
    [job_ids[0]],
  )
  const { data } = (await ask(`/prices/poll/${job_ids[0]}/runs`)).json()
  assert.deepEqual(data[0].error, { code: 'provider_timeout', detail: 'Too slow.' })
  assert.equal((await ask('/prices/poll?cursor=nonsense')).status, 422)
})
