import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createQueryParser } from '../../../src/http/server/validation/query-parser.ts'
import { createHttpService } from '../../support/http-service.ts'

test('a query is read as browsers write it: repeated names are lists, and what is not encoded correctly stays text', () => {
  const parse = createQueryParser()
  const cases: readonly (readonly [string, Record<string, unknown>])[] = [
    ['', {}],
    ['a=1&b=', { a: '1', b: '' }],
    ['a', { a: '' }],
    ['a=1&a=2&a=3', { a: ['1', '2', '3'] }],
    ['q=a+b%20c%2Bd', { q: 'a b c+d' }],
    ['q=%C3%A9&%C3%A9=1', { q: 'é', é: '1' }],
    ['q=%E0%41&r=100%', { q: '%E0%41', r: '100%' }],
    ['a=b=c&&=d', { a: 'b=c', '': 'd' }],
    ['__proto__=1', Object.fromEntries([['__proto__', '1']])],
  ]
  for (const [text, expected] of cases) assert.deepEqual({ ...parse(text) }, expected, text)
  const many = Array.from({ length: 1_500 }, (_, n) => `n${n}=${n}`).join('&')
  assert.equal(Object.keys(parse(many)).length, 1_500)
})

test('the same text gives the same object, which nobody can change', () => {
  const parse = createQueryParser()
  const [query, long] = [parse('a=1&a=2'), parse(`a=${'x'.repeat(300)}`)]
  assert.equal(parse('a=1&a=2'), query)
  for (const one of [query, query['a'], long]) assert.ok(Object.isFrozen(one))
})

test('many different texts cost bounded memory: long ones are not kept, and the others are forgotten from time to time', () => {
  const parse = createQueryParser()
  const long = `a=${'x'.repeat(300)}`
  assert.notEqual(parse(long), parse(long))
  const first = parse('a=1')
  for (let n = 0; n < 1_000; n++) parse(`n=${n}`)
  assert.notEqual(parse('a=1'), first)
  assert.deepEqual(parse('a=1'), first)
})

test('each route judges a query by its own schema, however often the same text was sent to another', async (t) => {
  const { ask, store } = await createHttpService(t)
  await store({ price: '1' }, { price: '2' }, { price: '3' })
  const refused = 'symbol=AAPL&limit=2&onlyone=1'
  for (let n = 0; n < 3; n++) {
    assert.equal((await ask('/prices/history?symbol=AAPL&limit=2')).json().data.length, 2)
    assert.equal((await ask('/providers?symbol=AAPL&limit=2')).status, 422)
    const { status, text } = await ask('/prices/latest?symbol=AAPL&limit=2')
    assert.equal(status, 422)
    assert.match(text, /"pointer":"\/limit"/)
    const wrong = (await ask(`/prices/history?${refused}`)).json()
    assert.deepEqual([wrong.status, wrong.errors.length, wrong.errors[0].pointer], [422, 1, '/onlyone'])
  }
})
