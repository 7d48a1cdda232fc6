import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHttpService } from '../../support/http-service.ts'

const minute = (n: number) => new Date(Date.UTC(2025, 0, 1, 0, n)).toISOString()

test('each time in CSV has six fraction digits, so that a reader takes the whole column as times', async (t) => {
  const { ask, store } = await createHttpService(t)
  const received = { receivedAt: '2025-06-15T20:31:00Z' }
  await store(
    { time: '2025-06-15T20:30:27Z', ...received },
    { time: '2025-06-15T20:30:27.25Z', price: '2', ...received },
  )
  await store({ time: '2025-06-15T20:30:27.283671Z', price: '3', ...received })
  const [, ...lines] = (await ask('/prices/history?symbol=AAPL&format=csv&order=asc')).text.trim().split('\n')
  const columns = lines.map((line) => line.split(','))
  assert.deepEqual(
    columns.map((fields) => fields[3]),
    ['2025-06-15T20:30:27.000000Z', '2025-06-15T20:30:27.250000Z', '2025-06-15T20:30:27.283671Z'],
  )
  for (const fields of columns) {
    assert.equal(fields[6], '2025-06-15T20:31:00.000000Z')
    assert.match(fields[7] ?? '', /\.\d{6}Z$/)
  }
  const json = (await ask('/prices/history?symbol=AAPL&order=asc')).json()
  assert.equal(json.data[0].timestamp, '2025-06-15T20:30:27Z')
})

test('CSV is a file with a name, also for a client that asks for it with Accept; format decides over Accept', async (t) => {
  const { ask, store } = await createHttpService(t)
  await store({})
  const accepted = await ask('/prices/history?symbol=AAPL', { headers: { accept: 'text/csv, */*;q=0.1' } })
  assert.equal(accepted.headers['content-type'], 'text/csv; charset=utf-8')
  assert.equal(accepted.headers['content-disposition'], 'attachment; filename="AAPL-scripted.csv"')
  const several = await ask('/prices/history?symbols=AAPL,MSFT&format=csv')
  assert.equal(several.headers['content-disposition'], 'attachment; filename="prices-scripted.csv"')
  const headers = { accept: 'text/csv' }
  for (const path of ['/prices/history?symbol=AAPL&format=json', '/prices/history?symbol=AAPL']) {
    const json = await ask(path, path.endsWith('json') ? { headers } : { headers: { accept: '*/*' } })
    assert.equal(json.headers['content-type'], 'application/json; charset=utf-8')
    assert.match(String(json.headers['vary']), /accept/)
  }
})

test('CSV streams the whole range, over several pages, and respects a limit if one is given', async (t) => {
  const { ask, pool, store } = await createHttpService(t)
  await store({ time: minute(0) })
  await pool.query(`
    insert into prices (series_id, event_time, revision, late, price, received_at, raw_response_id, epoch)
    select 1, timestamptz '2025-02-01Z' + n * interval '1 s', 1, false, n, now(), 1, 1 from generate_series(1, 2500) as n`)
  const lines = (await ask('/prices/history?symbol=AAPL&format=csv')).text.trim().split('\n')
  assert.equal(lines.length, 2_502)
  assert.equal(new Set(lines).size, 2_502)
  assert.equal((await ask('/prices/history?symbol=AAPL&format=csv&limit=1500')).text.trim().split('\n').length, 1_501)
})
