import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'csv-parse/sync'
import { createHttpService } from '../../support/http-service.ts'

const minute = (n: number) => new Date(Date.UTC(2025, 0, 1, 0, n)).toISOString()

test('averages of several symbols are one table, exact, with the series of each row and six fraction digits in each time', async (t) => {
  const { ask, store } = await createHttpService(t)
  await store(...[0, 1, 2, 3].map((n) => ({ time: minute(n), price: `123456789.12345678901${n}` })))
  await store(...[0, 1, 2].map((n) => ({ symbol: 'MSFT', time: minute(n), price: '0.5', currency: 'GBp' })))
  const { text, headers } = await ask('/moving-averages?symbols=AAPL,MSFT,NONE&window=3&order=asc&format=csv')
  assert.equal(headers['content-type'], 'text/csv; charset=utf-8')
  assert.equal(headers['content-disposition'], 'attachment; filename="averages-scripted-average-3.csv"')
  const [header, ...rows] = parse(text)
  assert.deepEqual(header, ['symbol', 'provider', 'timestamp', 'average', 'window', 'currency', 'computed_at'])
  assert.deepEqual(
    rows.map((row) => row.slice(0, 6)),
    [
      ['AAPL', 'scripted', '2025-01-01T00:02:00.000000Z', '123456789.123456789011', '3', 'USD'],
      ['AAPL', 'scripted', '2025-01-01T00:03:00.000000Z', '123456789.123456789012', '3', 'USD'],
      ['MSFT', 'scripted', '2025-01-01T00:02:00.000000Z', '0.5', '3', 'GBp'],
    ],
  )
  for (const row of rows) assert.match(row[6] ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
})

test('Accept asks for the table, format decides over it, a limit holds, and more rows than a page come to the last one', async (t) => {
  const { ask, pool, store } = await createHttpService(t)
  await store({ time: minute(0) })
  await pool.query(`
    insert into moving_averages (series_id, window_size, event_time, average)
    select 1, 5, timestamptz '2025-02-01Z' + n * interval '1 s', n from generate_series(1, 5100) as n`)
  const path = '/moving-averages?symbol=AAPL'
  const accept = { headers: { accept: 'text/csv' } }
  const all = await ask(path, accept)
  const times = parse(all.text)
    .slice(1)
    .map(([, , time]) => time ?? '')
  assert.deepEqual([times.length, new Set(times).size], [5_100, 5_100])
  assert.deepEqual(times, times.toSorted().toReversed())
  assert.equal(parse((await ask(`${path}&limit=7`, accept)).text).length, 8)
  const json = await ask(`${path}&format=json`, accept)
  assert.equal(json.headers['content-type'], 'application/json; charset=utf-8')
  assert.match(String(json.headers['vary']), /accept/)
})

test('a format that does not exist, and inputs in a table, are refused with what exists', async (t) => {
  const { ask } = await createHttpService(t)
  const refused = [
    ['format=parquet', '/format', /json or csv/],
    ['format=csv&expand=inputs', '/expand', /JSON/],
  ] as const
  for (const [query, pointer, detail] of refused) {
    const { status, json } = await ask(`/moving-averages?symbol=AAPL&${query}`)
    assert.equal(status, 422, query)
    assert.equal(json().errors[0].pointer, pointer)
    assert.match(json().detail, detail)
  }
})
