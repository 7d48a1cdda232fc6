import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHttpService } from '../../support/http-service.ts'

test('an unknown or missing field is reported with its pointer', async (t) => {
  const { ask } = await createHttpService(t)
  const body = { symbols: ['AAPL', 'B C'], interval_seconds: 60, 'a/b': 1 }
  const { errors } = (await ask('/prices/poll', { method: 'POST', body })).json()
  assert.deepEqual(new Set(errors.map((error: { pointer: string }) => error.pointer)), new Set(['/a~1b', '/symbols/1']))
  const missing = (await ask('/prices/history')).json()
  assert.deepEqual(missing.errors, [{ pointer: '/symbol', detail: 'is required' }])
})

test('an invalid value is reported in plain words, not as a rule of the schema', async (t) => {
  const { ask } = await createHttpService(t)
  const list = 'contains something that is not a symbol, or more than 100 symbols'
  const queries = [
    ['/prices/latest?symbols=AAPL,%00', '/symbols', list],
    ['/prices/latest?symbols=', '/symbols', list],
    ['/prices/latest?symbol=', '/symbol', 'is not a symbol'],
    ['/prices/latest', '/symbol', 'either symbol or symbols is required'],
    ['/prices/latest?symbol=AAPL&symbols=MSFT', '/symbol', 'give only one of symbol and symbols'],
    ['/prices/history?symbol=AAPL&from=yesterday', '/from', 'is not a date or time (RFC 3339)'],
    ['/prices/history?symbol=AAPL&to=', '/to', 'is not a date or time (RFC 3339)'],
  ] as const
  for (const [path, pointer, detail] of queries) {
    assert.deepEqual((await ask(path)).json().errors, [{ pointer, detail }], path)
  }
  const bodies = [
    [{ symbol: '', interval_seconds: 60 }, '/symbol', 'is not a symbol'],
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
