import assert from 'node:assert/strict'
import test from 'node:test'
import { at, createHarness } from './poller-harness.ts'

const CHECKED = { outcome: 'recorded', priceId: '18', replySha256: '5b', marketState: 'open', delaySeconds: 0 } as const

test('the first run of a job takes the price that the check of its symbol brought, and asks for no other', async (t) => {
  const { jobs, startPoller, clock, requests, runsOf } = await createHarness(t)
  const checked = new Map([['AAPL', { ...CHECKED, startedAt: at(0), finishedAt: at(0.5) }]])
  await jobs.create({ symbols: ['AAPL', 'MSFT'], provider: 'simulated', intervalSeconds: 60, checked })
  startPoller()
  await clock.advance(70_000)
  assert.deepEqual(
    requests.map(({ from, symbols }) => `${from} ${symbols.toSorted((a, b) => a.localeCompare(b)).join()}`),
    ['0 MSFT', '60 AAPL,MSFT'],
  )
  const [first, second] = await runsOf('AAPL')
  assert.deepEqual([first?.priceId, first?.startedAt, first?.finishedAt], ['18', at(0), at(0.5)])
  assert.equal(second?.priceId, '17')
})

test('a job that is first run long after the check of its symbol asks again', async (t) => {
  const { jobs, startPoller, clock, requests } = await createHarness(t)
  const checked = new Map([['AAPL', { ...CHECKED, startedAt: at(-1), finishedAt: at(0) }]])
  await jobs.create({ symbols: ['AAPL'], provider: 'simulated', intervalSeconds: 3_600, checked })
  await clock.advance(11_000)
  startPoller()
  await clock.advance(1_000)
  assert.deepEqual(
    requests.map(({ from }) => from),
    [11],
  )
})

test('a job with regular hours makes no request from the close before a holiday until the opening after it', async (t) => {
  const { jobs, pool, startPoller, clock, requests } = await createHarness(t, '2026-11-25T20:50:00Z')
  await pool.query(
    `create table if not exists symbol_details (provider text, symbol text, name text, exchange text, exchange_code text)`,
  )
  await pool.query(`insert into symbol_details (provider, symbol, exchange_code) values ('yfinance', 'AAPL', 'NMS')`)
  await pool.query(`
    with one as (insert into series (provider, symbol, currency) values ('yfinance', 'AAPL', 'USD') returning id)
    insert into series_state (series_id, provider_symbol, confirmed_at, market_state, delay_seconds)
    select id, 'AAPL', now(), 'open', 0 from one`)
  const hours = { intervalSeconds: 300, marketHours: 'regular' } as const
  await jobs.create({ symbols: ['AAPL'], provider: 'yfinance', ...hours })
  const evening = startPoller()
  await clock.advance(1_000_000)
  evening.stop()
  await clock.advance(0)
  // Thanksgiving, and the nights around it.
  await clock.advance(Date.parse('2026-11-27T14:28:00Z') - clock.now())
  startPoller()
  await clock.advance(150_000)
  assert.deepEqual(
    requests.map(({ from }) => at(from).slice(5, 16)),
    ['11-25T20:50', '11-25T20:55', '11-25T21:06', '11-27T14:30'],
  )
})
