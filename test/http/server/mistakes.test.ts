import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHttpService, type Json } from '../../support/http-service.ts'

test('an unknown or missing field is reported with its pointer', async (t) => {
  const { ask } = await createHttpService(t)
  const body = { symbols: ['AAPL', 'B C'], interval_seconds: 60, 'a/b': 1 }
  const { errors } = (await ask('/prices/poll', { method: 'POST', body })).json()
  assert.deepEqual(new Set(errors.map((error: { pointer: string }) => error.pointer)), new Set(['/a~1b', '/symbols/1']))
  const missing = (await ask('/prices/history')).json()
  assert.deepEqual(missing.errors, [{ pointer: '/symbol', detail: 'either symbol or symbols is required' }])
})

test('an invalid value is reported in plain words, not as a rule of the schema', async (t) => {
  const { ask } = await createHttpService(t)
  const likeThis = 'write it like AAPL, BRK.B or ^GSPC, without spaces; /symbols?q= finds it by its name'
  const symbol = `is not a symbol: ${likeThis}`
  const time = 'is not a date or time; write 2025-06-15 (midnight in UTC) or 2025-06-15T20:30:00Z'
  const zone = 'needs a time zone: 2024-01-01T00:00:00Z for UTC, or an offset such as 2024-01-01T00:00:00+02:00'
  const queries = [
    ['/prices/latest?symbols=AAPL,%00', '/symbols/1', `"\\u0000" ${symbol}`],
    [
      '/prices/latest?symbols=',
      '/symbols',
      'is empty; write up to 100 symbols, separated by commas without spaces: AAPL,MSFT',
    ],
    ['/prices/latest?symbol=', '/symbol', `is empty; ${likeThis}`],
    ['/prices/latest?symbol=AAPL&symbol=MSFT', '/symbol', 'must be one symbol; give several as symbols'],
    ['/prices/history?symbol=AAPL,MSFT', '/symbol', 'must be one symbol; give several as symbols'],
    [`/prices/latest?symbols=${symbols(120)}`, '/symbols', 'has 120 symbols; give at most 100 symbols'],
    [`/prices/history?symbols=${symbols(51)}`, '/symbols', 'has 51 symbols; give at most 50 symbols'],
    ['/prices/history?symbols=AAPL,%20MSFT', '/symbols/1', '" MSFT" is not a symbol: write MSFT, without the space'],
    ['/prices/stream?symbols=AAPL,', '/symbols/1', 'is empty: there is one comma too many'],
    ['/prices/history?symbol=Apple%20Inc', '/symbol', symbol],
    ['/prices/latest', '/symbol', 'either symbol or symbols is required'],
    ['/prices/latest?symbol=AAPL&symbols=MSFT', '/symbol', 'give only one of symbol and symbols'],
    ['/prices/history?symbol=AAPL&from=yesterday', '/from', time],
    ['/prices/history?symbol=AAPL&to=', '/to', time],
    ['/prices/history?symbol=AAPL&from=2024-01-01T00:00:00', '/from', zone],
    ['/moving-averages?symbol=AAPL&to=2024-01-01 00:00', '/to', zone],
    ['/prices/history?symbol=AAPL&from=1704067200', '/from', 'is a Unix time; write 2024-01-01T00:00:00Z'],
    [
      '/prices/history?symbol=AAPL&from=1704067200000',
      '/from',
      'is a Unix time in milliseconds; write 2024-01-01T00:00:00Z',
    ],
    ['/prices/history?symbol=AAPL&from=2024-01-15T16:30Z', '/from', 'needs seconds: 2024-01-15T16:30:00Z'],
    ['/prices/history?symbol=AAPL&format=parquet', '/format', 'must be json or csv'],
    ['/prices/history?symbol=AAPL&order=up', '/order', 'must be asc or desc'],
    ['/prices/history?symbol=AAPL&include=all', '/include', 'must be superseded'],
    ['/prices/history?symbol=AAPL&limit=many', '/limit', 'must be a whole number from 1 to 10000'],
    ['/prices/history?symbol=AAPL&limit=20000', '/limit', 'must be a whole number from 1 to 10000'],
    ['/prices/history?symbol=AAPL&limit=2.5', '/limit', 'must be a whole number from 1 to 10000'],
    ['/prices/history?symbol=AAPL&limit=true', '/limit', 'must be a whole number from 1 to 10000'],
    ['/moving-averages?symbol=AAPL&window=5.9', '/window', 'must be a whole number from 1 to 1000'],
    ['/prices/latest?symbol=AAPL&max_age=0x10', '/max_age', 'must be a number from 0 to 31536000'],
    ['/prices/history?symbol=AAPL&limit=1&limit=2', '/limit', 'is given more than once'],
    ['/prices/history?symbol=AAPL&from=2024-01-01&from=2024-01-02', '/from', 'is given more than once'],
    ['/symbols?q=', '/q', 'must be text of 1 to 100 characters; leave it out to list all stored symbols'],
    ['/prices/latest?symbol=AAPL&max_age=-1', '/max_age', 'must be a number from 0 to 31536000'],
    ['/prices/latest?symbol=AAPL&stale_if_error=maybe', '/stale_if_error', 'must be true or false'],
    ['/prices/latest?symbol=AAPL&currency=dollar', '/currency', 'must be three letters, such as USD'],
    ['/moving-averages?symbol=AAPL&window=7', '/window', 'must be 5 or 3; the setting MA_WINDOWS adds windows'],
    ['/health?q=1', '/q', 'is not known here: nothing can be given'],
  ] as const
  for (const [path, pointer, detail] of queries) {
    assert.deepEqual((await ask(path)).json().errors, [{ pointer, detail }], path)
  }
  const bodies = [
    [{ symbol: '', interval_seconds: 60 }, '/symbol', `is empty; ${likeThis}`],
    [{ symbols: [], interval_seconds: 60 }, '/symbols', 'must be a list of 1 to 100 items; 0 are given'],
    [
      { symbols: symbols(101).split(','), interval_seconds: 60 },
      '/symbols',
      'must be a list of 1 to 100 items; 101 are given',
    ],
    [{ symbol: 'AAPL', interval_seconds: 0 }, '/interval_seconds', 'must be a whole number from 1 to 31536000'],
    [[], '', 'must be a JSON object'],
    [
      { symbol: 'AAPL', interval_seconds: 60, interval_minutes: 1 },
      '/interval_minutes',
      'give only one of interval_minutes and interval_seconds',
    ],
  ] as const
  for (const [body, pointer, detail] of bodies) {
    const answer = await ask('/prices/poll', { method: 'POST', body })
    assert.deepEqual(answer.json().errors, [{ pointer, detail }])
  }
})

test('all mistakes are reported at once, in errors and in the detail, each with what would be right', async (t) => {
  const { ask } = await createHttpService(t)
  const path = '/prices/history?start=2024-01-01&format=parquet&from=2024-01-01T00:00:00&interval=1d'
  const { detail, errors } = (await ask(path)).json()
  const known = 'symbol, symbols, provider, currency, from, to, order, limit, cursor, include or format'
  assert.deepEqual(byPointer({ errors }), {
    '/start': `is not known here; known: ${known}`,
    '/interval': `is not known here; known: ${known}`,
    '/format': 'must be json or csv',
    '/from': 'needs a time zone: 2024-01-01T00:00:00Z for UTC, or an offset such as 2024-01-01T00:00:00+02:00',
    '/symbol': 'either symbol or symbols is required',
  })
  assert.match(detail, /^\/\w+: .*\. \/\w+: .*\. \/\w+: .*\. And 2 more: see errors\.$/)
})

test('each wrong element of a list of symbols is named with its place and what to write instead', async (t) => {
  const { ask } = await createHttpService(t)
  for (const path of ['/prices/latest', '/prices/history', '/moving-averages', '/prices/stream']) {
    const { errors } = (await ask(`${path}?symbols=AAPL,,$MSFT,A%20B,brk-b,NYSE:IBM`)).json()
    assert.deepEqual(
      errors,
      [
        { pointer: '/symbols/1', detail: 'is empty: there is one comma too many' },
        { pointer: '/symbols/2', detail: '"$MSFT" is not a symbol: write MSFT, without the dollar sign' },
        { pointer: '/symbols/3', detail: '"A B" is not a symbol: Yahoo writes A-B' },
        { pointer: '/symbols/5', detail: '"NYSE:IBM" is not a symbol: Yahoo writes IBM' },
      ],
      path,
    )
  }
})

test('what only our own rules refuse is reported together with what the schema refuses', async (t) => {
  const { ask } = await createHttpService(t)
  const late = 'is after to; from is the earlier end of the range, whatever the order of the list'
  const cursor = 'is not from this list; give the next_cursor of its previous page, or leave it out'
  const queries: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ['/prices/latest?max_age=-1', { '/max_age': 'must be a number from 0 to 31536000', '/symbol': NEITHER }],
    ['/prices/latest?symbol=AAPL&symbols=MSFT&currency=x', { '/currency': CURRENCY, '/symbol': BOTH }],
    ['/prices/history?symbol=AAPL&from=2025-01-02&to=2025-01-01&limit=0', { '/limit': LIMIT, '/from': late }],
    ['/prices/history?symbol=AAPL&cursor=x&order=up', { '/order': 'must be asc or desc', '/cursor': cursor }],
    [
      '/prices/history?symbols=AAPL,MSFT,aapl&cursor=x&limit=6000',
      {
        '/cursor': 'continues the list of one symbol; give symbol instead of symbols',
        '/limit': 'is for each symbol: at most 5000 with 2 symbols',
      },
    ],
    [
      '/moving-averages?symbols=AAPL,MSFT&window=4&limit=501&expand=inputs&from=2025-01-01T00:00:01Z&to=2025-01-01',
      {
        '/window': 'must be 5 or 3; the setting MA_WINDOWS adds windows',
        '/limit': 'is for each symbol: at most 500 with 2 symbols with inputs',
        '/from': late,
      },
    ],
    [
      '/moving-averages/latest?window=4',
      { '/window': 'must be 5 or 3; the setting MA_WINDOWS adds windows', '/symbol': NEITHER },
    ],
    ['/symbols?cursor=x&limit=0', { '/limit': LIMIT, '/cursor': cursor }],
    ['/keys?cursor=x&limit=0', { '/limit': LIMIT, '/cursor': cursor }],
    ['/prices/poll?cursor=x&limit=0', { '/limit': LIMIT, '/cursor': cursor }],
    ['/prices/poll/0197f0c2-6a5c-4c11-9d4e-0a3f5b0c6a11/runs?cursor=x&limit=0', { '/limit': LIMIT, '/cursor': cursor }],
  ]
  for (const [path, expected] of queries) {
    const answer = await ask(path)
    assert.equal(answer.status, 422, path)
    assert.deepEqual(byPointer(answer.json()), expected, path)
  }
  const poll = await ask('/prices/poll', { method: 'POST', body: { market_hours: 'never' } })
  assert.deepEqual(byPointer(poll.json()), {
    '/market_hours': 'must be regular, extended or always',
    '/symbol': NEITHER,
    '/interval_minutes': 'either interval_minutes or interval_seconds is required',
  })
  const past = await ask('/keys', { method: 'POST', body: { scopes: ['read'], name: '', expires_at: '2020-01-01' } })
  assert.deepEqual(byPointer(past.json()), {
    '/name': 'must be text of 1 to 100 characters',
    '/expires_at': 'is in the past',
  })
})

test('a number may be written in any way that has one meaning', async (t) => {
  const { ask, store } = await createHttpService(t)
  await store({}, {}, {})
  for (const limit of ['2', '2.0', '2e0'])
    assert.equal((await ask(`/prices/history?symbol=AAPL&limit=${limit}`)).status, 200)
  assert.equal((await ask('/prices/latest?symbol=AAPL&max_age=0.5e2')).status, 200)
})

test('a range that ends where it starts is an empty list, not a mistake', async (t) => {
  const { ask, store } = await createHttpService(t)
  await store({ time: '2025-01-01T00:00:00Z' })
  const { status, text } = await ask('/prices/history?symbol=AAPL&from=2025-01-01&to=2025-01-01T00:00:00Z')
  assert.equal(status, 200)
  assert.deepEqual(JSON.parse(text).data, [])
})

test('a limit is not for each symbol where the answer is CSV, asked for by format or by Accept', async (t) => {
  const { ask } = await createHttpService(t)
  const path = '/prices/history?symbols=AAPL,MSFT&limit=6000'
  assert.equal((await ask(path)).status, 422)
  assert.equal((await ask(`${path}&format=csv`)).status, 200)
  assert.equal((await ask(path, { headers: { accept: 'text/csv' } })).status, 200)
})

const NEITHER = 'either symbol or symbols is required'
const BOTH = 'give only one of symbol and symbols'
const LIMIT = 'must be a whole number from 1 to 10000'
const CURRENCY = 'must be three letters, such as USD'

function byPointer({ errors }: Json): Readonly<Record<string, string>> {
  return Object.fromEntries(errors.map((one: Json) => [one.pointer, one.detail]))
}

function symbols(count: number): string {
  return Array.from({ length: count }, (_, n) => `S${n}`).join()
}

test('an interval of one second can be ordered in minutes too, and no shorter one', async (t) => {
  const { ask } = await createHttpService(t)
  const order = (interval: object) =>
    ask('/prices/poll', { method: 'POST', body: { symbol: 'AAPL', provider: 'scripted', ...interval } })
  for (const interval of [{ interval_seconds: 1 }, { interval_minutes: 1 / 60 }, { interval_minutes: 0.0167 }]) {
    const { status, text } = await order(interval)
    assert.equal(status, 202, text)
    assert.match(text, /"interval":1[,}]/)
  }
  for (const interval of [{ interval_seconds: 0 }, { interval_minutes: 0.01 }]) {
    assert.equal((await order(interval)).status, 422)
  }
  const { errors } = (await order({ interval_minutes: 0.01 })).json()
  assert.match(errors[0].detail, /at least 1 second/)
})
