import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import test from 'node:test'
import { findRunning } from '../../src/postgres/embedded/server.ts'
import { createReadLog } from '../../src/postgres/log/log.ts'
import { createPool } from '../../src/postgres/connection/pool.ts'
import { LOG_START } from '../../src/core/log/position.ts'
import { ask } from '../support/request.ts'
import { openStream } from '../support/price-stream.ts'
import { until } from '../support/until.ts'
import { startYahooService } from './yahoo-service.ts'

// The samples of the original specification, to the letter, except that its times have no time zone and ours end in `Z`.

const PRICE = '196.45'
const SECONDS = 1_750_019_427.283671
const LATEST = '{"symbol":"AAPL","price":196.45,"timestamp":"2025-06-15T20:30:27.283671Z","provider":"yfinance"'

test('GET /prices/latest returns the sample, also for a stored price', async (t) => {
  const service = await startYahooService(t)
  await service.fetchPrice(PRICE, SECONDS)
  const { status, text } = await ask(`${service.url}/prices/latest?symbol=AAPL&provider=yfinance`)
  assert.equal(status, 200)
  assert.equal(text.slice(0, LATEST.length), LATEST)
})

test('POST /prices/poll returns the sample, and the job runs immediately and keeps its interval', async (t) => {
  const service = await startYahooService(t)
  await service.fetchPrice(PRICE, SECONDS)
  const body = { symbol: 'AAPL', interval_minutes: 60, provider: 'yfinance' }
  const { status, json } = await ask(`${service.url}/prices/poll`, { method: 'POST', body })
  assert.equal(status, 202)
  const { job_id: id, jobs, ...rest } = json
  assert.deepEqual(rest, {
    message: 'Polling job scheduled for symbol: AAPL',
    status: 'accepted',
    config: { symbols: ['AAPL'], interval: '3600' },
  })
  assert.equal(jobs[0].job_id, id)
  assert.match(id, /./)

  const job = await until(async () => {
    const { json: found } = await ask(`${service.url}/prices/poll/${id}`)
    return found.last_run && found
  }, 'the first run')
  assert.deepEqual([job.last_run.outcome, job.interval_seconds, job.status], ['confirmed', '3600', 'active'])
  const nextInMs = Date.parse(job.next_run_at) - Date.parse(job.last_run.started_at)
  assert.ok(nextInMs > 3_500_000 && nextInMs <= 3_600_000, `${nextInMs}`)
})

test('an event has its five members in order, on the stream and in the log', async (t) => {
  const service = await startYahooService(t)
  const stream = await openStream(t, `${service.url}/prices/stream?symbols=AAPL&provider=yfinance`)
  await service.fetchPrice(PRICE, SECONDS)
  await stream.until(1)
  assert.equal(stream.prices[0]?.data, `${LATEST},"raw_response_id":"1","price_id":"1","currency":"USD"}`)

  const pool = createPool((await findRunning(service.dataDir))!, { size: 1, onError: () => {} })
  t.after(() => pool.end())
  const [entry] = await createReadLog(pool)(LOG_START, 10)
  const { symbol, price, eventTime, provider, rawResponseId } = entry!
  assert.deepEqual(
    { symbol, price, timestamp: eventTime, provider, raw_response_id: rawResponseId },
    {
      symbol: 'AAPL',
      price: PRICE,
      timestamp: '2025-06-15T20:30:27.283671Z',
      provider: 'yfinance',
      raw_response_id: '1',
    },
  )
})

test('after five prices their average exists, and its lineage leads to the bytes that Yahoo sent', async (t) => {
  const service = await startYahooService(t)
  const prices = ['196.45', '196.50', '196.41', '196.48', '196.46']
  for (const [minute, price] of prices.entries()) await service.fetchPrice(price, SECONDS + 60 * minute)
  const { json: latest } = await until(async () => {
    const response = await ask(`${service.url}/moving-averages/latest?symbol=AAPL&provider=yfinance`)
    return response.status === 200 && response
  }, 'the average')
  const { average, window, timestamp } = latest
  assert.deepEqual([average, window, timestamp], ['196.46', '5', '2025-06-15T20:34:27.283671Z'])

  const list = await ask(`${service.url}/moving-averages?symbol=AAPL&provider=yfinance&expand=inputs`)
  const inputs = list.json.data[0].inputs as { price_id: string; price: string }[]
  assert.deepEqual(
    inputs.map((input) => input.price),
    prices,
  )
  const { json: lineage } = await ask(`${service.url}/prices/${inputs[0]?.price_id}/lineage`)
  assert.deepEqual(lineage.averages, [{ window: '5', timestamp, average }])
  const body = await ask(`${service.url}${lineage.raw_response.body_url}`)
  assert.match(body.text, /"symbol":"AAPL".*"regularMarketPrice":196\.45\}/)
  assert.equal(createHash('sha256').update(body.text).digest('hex'), lineage.raw_response.sha256)
})

test('an exact price keeps every digit in every response, and five of them have an exact average', async (t) => {
  const service = await startYahooService(t)
  const price = '123456789.123456789012'
  const stream = await openStream(t, `${service.url}/prices/stream?symbols=AAPL`)
  for (let minute = 0; minute < 5; minute++) {
    const { text } = await service.fetchPrice(price, SECONDS + 60 * minute)
    assert.ok(text.includes(`"price":${price},`), text)
  }
  await stream.until(5)
  for (const { data } of stream.prices) assert.ok(data?.includes(`"price":${price},`), data)
  const history = `${service.url}/prices/history?symbol=AAPL&provider=yfinance`
  assert.equal((await ask(history)).text.split(`"price":${price},`).length - 1, 5)
  assert.equal((await ask(`${history}&format=csv`)).text.split(`,${price},`).length - 1, 5)
  assert.deepEqual(await averagesOf(service.url, 1), [price])

  await service.fetchPrice('123456789.123456789014', SECONDS + 300)
  assert.deepEqual(await averagesOf(service.url, 2), [price, '123456789.1234567890124'])
})

/** Waits for this many averages; oldest first. */
async function averagesOf(url: string, count: number): Promise<string[]> {
  return until(async () => {
    const { json } = await ask(`${url}/moving-averages?symbol=AAPL&provider=yfinance&order=asc`)
    const averages = json.data.map((one: { average: string }) => one.average) as string[]
    return averages.length >= count && averages
  }, `${count} averages`)
}
