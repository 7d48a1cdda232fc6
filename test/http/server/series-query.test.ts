import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHttpService, type Json } from '../../support/http-service.ts'
import { createScriptedProvider } from '../../support/scripted-provider.ts'

const minute = (n: number) => new Date(Date.UTC(2025, 0, 1, 0, n)).toISOString()

test('several symbols are one answer with an entry for each, and one table as CSV', async (t) => {
  const { ask, store } = await createHttpService(t)
  await store({ symbol: 'AAPL', price: '1', time: minute(0) }, { symbol: 'MSFT', price: '2', time: minute(0) })
  await store({ symbol: 'AAPL', price: '3', time: minute(1) })
  const { data, ...rest } = (await ask('/prices/history?symbols=MSFT,AAPL,NONE,aapl&limit=1')).json()
  assert.deepEqual(rest, {})
  assert.deepEqual(
    data.map((one: Json) => [one.symbol, one.data.map((price: Json) => price.price)]),
    [
      ['MSFT', [2]],
      ['AAPL', [3]],
      ['NONE', []],
    ],
  )
  const csv = (await ask('/prices/history?symbols=MSFT,AAPL,NONE&order=asc&format=csv')).text.trim().split('\n')
  assert.deepEqual(
    csv.map((line) => line.split(',')).map((fields) => [fields[0], fields[4]]),
    [
      ['symbol', 'price'],
      ['MSFT', '2'],
      ['AAPL', '1'],
      ['AAPL', '3'],
    ],
  )
  const symbols = Array.from({ length: 50 }, (_, n) => `S${n}`)
  assert.equal((await ask(`/prices/history?symbols=${symbols.join()}`)).json().data.length, 50)
  const refused = [
    [`symbols=${[...symbols, 'X'].join()}`, '/symbols', /at most 50 symbols/],
    [`symbols=${symbols.join()}&limit=201`, '/limit', /at most 200 with 50 symbols/],
    ['symbols=AAPL,MSFT&cursor=x', '/cursor', /./],
    ['symbol=AAPL&symbols=MSFT', '/symbol', /only one of symbol and symbols/],
  ] as const
  for (const [query, pointer, detail] of refused) {
    const answer = await ask(`/prices/history?${query}`)
    assert.equal(answer.status, 422, query)
    assert.match(answer.json().detail, detail)
    if (pointer !== '/cursor') assert.equal(answer.json().errors[0].pointer, pointer)
  }
})

test('an answer without prices names the other providers that have some, and so does the error of averages', async (t) => {
  const { ask, store } = await createHttpService(t, { averages: twoProviders, prices: twoProviders })
  await store(...[1, 2, 3, 4, 5].map((n) => ({ time: minute(n), price: `${n}` })))
  const empty = (await ask('/prices/history?symbol=AAPL&provider=other')).json()
  assert.deepEqual(empty, { data: [], next_cursor: null, next_url: null, others: ['scripted'] })
  assert.deepEqual((await ask('/moving-averages?symbol=AAPL&provider=other')).json().others, ['scripted'])
  const both = (await ask('/prices/history?symbols=AAPL,NONE&provider=other')).json()
  assert.deepEqual(both.data, [
    { symbol: 'AAPL', data: [], others: ['scripted'] },
    { symbol: 'NONE', data: [] },
  ])
  const problem = (await ask('/moving-averages/latest?symbol=AAPL&provider=other')).json()
  assert.deepEqual([problem.code, problem.others], ['not_enough_prices', ['scripted']])
  assert.match(problem.detail, /Other providers have prices of it: scripted; give one as provider\./)
  const none = (await ask('/moving-averages/latest?symbol=NONE&provider=other')).json()
  assert.deepEqual([none.others, none.detail], [undefined, 'NONE has fewer than 5 prices from other so far.'])
  assert.equal((await ask('/prices/history?symbol=AAPL')).json().others, undefined)
})

test('the averages of several symbols are one answer, in which a symbol with too few prices has its own error', async (t) => {
  const { ask, store } = await createHttpService(t)
  await store(...[1, 2, 3, 4, 5].map((n) => ({ time: minute(n), price: `${n}` })), { symbol: 'MSFT' })
  const latest = (await ask('/moving-averages/latest?symbols=AAPL,MSFT')).json().data
  assert.deepEqual([latest[0].symbol, latest[0].data[0].average], ['AAPL', 3])
  assert.deepEqual([latest[1].symbol, latest[1].error.code], ['MSFT', 'not_enough_prices'])
  const lists = (await ask('/moving-averages?symbols=AAPL,MSFT&window=3')).json().data
  assert.deepEqual(
    lists.map((one: Json) => [one.symbol, one.data.length]),
    [
      ['AAPL', 3],
      ['MSFT', 0],
    ],
  )
})

/** A second provider, which has nothing. */
const OTHER = { ...createScriptedProvider(), name: 'other' }
const SCRIPTED = createScriptedProvider()
const twoProviders = {
  providers: { get: (name: string) => (name === 'other' ? OTHER : SCRIPTED), list: () => [SCRIPTED, OTHER] },
}
