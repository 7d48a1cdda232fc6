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
  const list = 'must be at most 100 symbols, separated by commas without spaces: AAPL,MSFT'
  const symbol = 'is not a symbol: write it like AAPL, BRK.B or ^GSPC, without spaces; /symbols?q= finds it by its name'
  const time = 'is not a date or time; write 2025-06-15 (midnight in UTC) or 2025-06-15T20:30:00Z'
  const zone = 'needs a time zone: 2024-01-01T00:00:00Z for UTC, or an offset such as 2024-01-01T00:00:00+02:00'
  const queries = [
    ['/prices/latest?symbols=AAPL,%00', '/symbols', list],
    ['/prices/latest?symbols=', '/symbols', list],
    ['/prices/latest?symbol=', '/symbol', symbol],
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
    [{ symbol: '', interval_seconds: 60 }, '/symbol', symbol],
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
  const byPointer = Object.fromEntries(errors.map((one: Json) => [one.pointer, one.detail]))
  assert.deepEqual(byPointer, {
    '/start': `is not known here; known: ${known}`,
    '/interval': `is not known here; known: ${known}`,
    '/format': 'must be json or csv',
    '/from': 'needs a time zone: 2024-01-01T00:00:00Z for UTC, or an offset such as 2024-01-01T00:00:00+02:00',
    '/symbol': 'either symbol or symbols is required',
  })
  assert.match(detail, /^\/\w+: .*\. \/\w+: .*\. \/\w+: .*\. And 2 more: see errors\.$/)
})

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
