import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHttpService, type HttpService, type Json } from '../../support/http-service.ts'

const EXACT = '123456789.123456789012'
const minute = (n: number) => new Date(Date.UTC(2025, 0, 1, 0, n)).toISOString()

test('stored prices are returned digit for digit, as JSON and as CSV', async (t) => {
  const { ask, store } = await createHttpService(t)
  await store({ price: EXACT, time: '2025-06-15T20:30:27.283671Z' })
  const json = await ask('/prices/history?symbol=AAPL')
  assert.match(json.text, /"timestamp":"2025-06-15T20:30:27.283671Z","price":123456789\.123456789012,"currency":"USD"/)
  const csv = await ask('/prices/history?symbol=AAPL&format=csv')
  assert.equal(csv.headers['content-type'], 'text/csv; charset=utf-8')
  const [header, line] = csv.text.split('\n')
  assert.equal(
    header,
    'symbol,provider,price_id,timestamp,price,currency,received_at,recorded_at,raw_response_id,revision,correction',
  )
  assert.match(line ?? '', /^AAPL,scripted,1,2025-06-15T20:30:27\.283671Z,123456789\.123456789012,USD,.*,1,1,false$/)
})

test('an unknown symbol has an empty list, and only a header as CSV', async (t) => {
  const { ask } = await createHttpService(t)
  assert.deepEqual((await ask('/prices/history?symbol=NONE')).json(), { data: [], next_cursor: null, next_url: null })
  assert.match((await ask('/prices/history?symbol=NONE&format=csv')).text, /^symbol,provider,price_id,[^\n]*\n$/)
})

for (const order of ['asc', 'desc'] as const) {
  test(`pages read ${order} neither lose nor repeat a price while others are added, corrected or arrive late`, async (t) => {
    const service = await createHttpService(t)
    const times = Array.from({ length: 40 }, (_, n) => minute(2 * n))
    await service.store(...times.map((time, n) => ({ time, price: `${n + 1}` })))
    let added = 0
    const seen = await readPages(service, `/prices/history?symbol=AAPL&order=${order}&limit=3`, async () => {
      added += 1
      const late = { time: minute(2 * ((added * 7) % 40) + 1), price: `${500 + added}` }
      const corrected = { time: minute(2 * ((added * 11) % 40)), price: `${900 + added}` }
      await service.store(late, corrected, { time: minute(200 + added), price: '7' })
    })
    const seenTimes = seen.map((price) => Date.parse(price.timestamp))
    assert.equal(new Set(seenTimes).size, seenTimes.length)
    assert.deepEqual(
      seenTimes,
      order === 'asc' ? seenTimes.toSorted((a, b) => a - b) : seenTimes.toSorted((a, b) => b - a),
    )
    for (const time of times) assert.ok(seenTimes.includes(Date.parse(time)), time)
  })
}

test('each time has its current price only, and all of its prices with include=superseded', async (t) => {
  const { ask, store } = await createHttpService(t)
  await store({ price: '1', time: minute(0) }, { price: '2', time: minute(1) }, { price: '3', time: minute(0) })
  await store({ price: '1', time: minute(0) })
  const { data } = (await ask('/prices/history?symbol=AAPL&order=asc')).json()
  const rows = data.map((price: Json) => [price.timestamp, price.price, price.revision, price.correction])
  assert.deepEqual(rows, [
    ['2025-01-01T00:00:00Z', 1, 3, true],
    ['2025-01-01T00:01:00Z', 2, 1, false],
  ])
  const all = await readPages(
    { ask },
    '/prices/history?symbol=AAPL&order=asc&include=superseded&limit=1',
    async () => {},
  )
  assert.deepEqual(
    all.map((price) => price.price),
    [1, 3, 1, 2],
  )
})

test('a range includes its start and excludes its end, in any notation of a time', async (t) => {
  const { ask, store } = await createHttpService(t)
  await store(...[0, 1, 2, 3].map((n) => ({ time: minute(n), price: `${n + 1}` })))
  const ranges = [
    ['from=2025-01-01T00:01:00Z&to=2025-01-01T00:03:00Z', 2],
    ['from=2025-01-01T01:01:00%2B01:00&to=2025-01-01T01:03:00+01:00', 2],
    ['from=2025-01-01&to=2025-01-02', 4],
    ['to=2025-01-01', 0],
  ] as const
  for (const [range, count] of ranges) {
    assert.equal((await ask(`/prices/history?symbol=AAPL&${range}`)).json().data.length, count, range)
  }
})

test('the currencies of a symbol are listed together and can be filtered', async (t) => {
  const { ask, store } = await createHttpService(t)
  await store({ price: '1', time: minute(0) }, { price: '100', time: minute(0), currency: 'GBp' })
  const both = await readPages({ ask }, '/prices/history?symbol=AAPL&limit=1', async () => {})
  assert.deepEqual(new Set(both.map((price) => price.currency)), new Set(['USD', 'GBp']))
  const { data } = (await ask('/prices/history?symbol=AAPL&currency=GBp')).json()
  assert.deepEqual([data.length, data[0].price], [1, 100])
})

test('a price can be traced to the bytes it was read from and to the averages that contain it', async (t) => {
  const { ask, store } = await createHttpService(t)
  await store(...[1, 2, 3, 4, 5, 6].map((n) => ({ time: minute(n), price: `${n}` })))
  const lineage = (await ask('/prices/2/lineage')).json()
  assert.deepEqual(
    [lineage.symbol, lineage.provider, lineage.price.price_id, lineage.raw_response.raw_response_id],
    ['AAPL', 'scripted', '2', '2'],
  )
  assert.deepEqual(
    lineage.averages.map((average: Json) => [average.window, average.timestamp, average.average]),
    [
      [3, '2025-01-01T00:03:00Z', 2],
      [3, '2025-01-01T00:04:00Z', 3],
      [5, '2025-01-01T00:05:00Z', 3],
      [5, '2025-01-01T00:06:00Z', 4],
    ],
  )
  const raw = (await ask('/raw-responses/2')).json()
  assert.deepEqual(raw, lineage.raw_response)
  const body = await ask(raw.body_url)
  assert.deepEqual(
    [body.text, body.headers['content-type']],
    ['{"symbol":"AAPL","price":"2"}', 'application/octet-stream'],
  )
  assert.match(String(body.headers['content-disposition']), /^attachment/)
})

test('a price whose response is damaged or deleted still has its lineage, and the bytes are 404 with the reason', async (t) => {
  const { ask, pool, store } = await createHttpService(t)
  await store({ price: '1' })
  for (const damage of [`body = '\\x00'`, `encoding = 'gzip', body = '\\x00'`]) {
    await pool.query(`update raw_bodies set ${damage}`)
    assert.equal((await ask('/prices/1/lineage')).json().raw_response.raw_response_id, '1')
    const body = await ask('/raw-responses/1/body')
    assert.deepEqual([body.status, body.json().detail], [404, 'The stored bytes of this reply are damaged.'])
  }
  await pool.query('delete from raw_responses')
  const lineage = await ask('/prices/1/lineage')
  assert.deepEqual([lineage.status, lineage.json().raw_response], [200, null])
  assert.equal((await ask('/raw-responses/1/body')).status, 404)
})

test('averages are listed by time with their inputs, and the newest one has a path of its own', async (t) => {
  const service = await createHttpService(t)
  await service.store(
    ...[0, 1, 2, 3, 4].map((n) => ({ time: minute(n), price: `123456789.12345678901${n === 4 ? 3 : 2}` })),
  )
  const { text } = await service.ask('/moving-averages/latest?symbol=AAPL')
  assert.match(text, /"average":123456789\.1234567890122,"window":5/)
  const pages = await readPages(service, '/moving-averages?symbol=AAPL&window=3&expand=inputs&limit=1', async () => {})
  assert.deepEqual(
    pages.map((average) => [average.timestamp, average.inputs.map((input: Json) => input.price_id)]),
    [
      ['2025-01-01T00:04:00Z', ['3', '4', '5']],
      ['2025-01-01T00:03:00Z', ['2', '3', '4']],
      ['2025-01-01T00:02:00Z', ['1', '2', '3']],
    ],
  )
})

async function readPages(
  { ask }: Pick<HttpService, 'ask'>,
  path: string,
  between: () => Promise<void>,
): Promise<Json[]> {
  const rows: Json[] = []
  let next: string | null = path
  while (next !== null) {
    const page = (await ask(next)).json()
    rows.push(...page.data)
    next = page.next_url
    await between()
  }
  return rows
}
