import assert from 'node:assert/strict'
import { test } from 'node:test'
import type pg from 'pg'
import { ServiceError } from '../../../src/errors.ts'
import { instantFromMillis } from '../../../src/lib/instant.ts'
import { createStoreReply } from '../../../src/postgres/ingest/store-reply.ts'
import { createHttpService } from '../../support/http-service.ts'
import { quoteOf } from '../../support/scripted-provider.ts'

const UNKNOWN = new ServiceError('symbol_not_found', 'The symbol is not known.')

test('an unknown symbol is refused with suggestions, and no job and no row remain', async (t) => {
  const { ask, source } = await createHttpService(t)
  source.says('APPLE', UNKNOWN)
  source.finds({ symbol: 'AAPL', providerSymbol: 'AAPL', name: 'Apple Inc.', exchange: 'NMS', kind: 'equity' })
  const answer = await ask('/prices/poll', { method: 'POST', body: { symbol: 'apple', interval_seconds: 60 } })
  const { code, detail, suggestions, retryable } = answer.json()
  assert.deepEqual([answer.status, code, retryable], [404, 'symbol_not_found', false])
  assert.equal(detail, 'scripted does not know APPLE. Similar: AAPL (Apple Inc.).')
  assert.deepEqual(suggestions, [{ symbol: 'AAPL', name: 'Apple Inc.', exchange: 'NMS', type: 'equity' }])
  assert.deepEqual((await ask('/prices/poll')).json().data, [])
  assert.deepEqual((await ask('/symbols')).json().data, [])
})

test('of several symbols the known are accepted and the others listed, and the prices that came are stored', async (t) => {
  const { ask, source } = await createHttpService(t)
  source.says('NOSUCH', UNKNOWN)
  const body = { symbols: ['AAPL', 'NOSUCH'], interval_seconds: 60 }
  const { status, json } = await ask('/prices/poll', { method: 'POST', body })
  assert.equal(status, 202)
  assert.deepEqual(
    [json().jobs.map((job: { symbol: string }) => job.symbol), json().config.symbols],
    [['AAPL'], ['AAPL']],
  )
  const [{ symbol, code, suggestions }] = json().errors
  assert.deepEqual([symbol, code, suggestions], ['NOSUCH', 'symbol_not_found', []])
  assert.equal(source.asked.length, 1)
  assert.equal((await ask('/prices/history?symbol=AAPL')).json().data.length, 1)
  const none = await ask('/prices/poll', { method: 'POST', body: { ...body, symbols: ['NOSUCH'] } })
  assert.deepEqual([none.status, none.json().errors[0].pointer], [404, '/symbols/0'])
})

test('while the provider is unavailable a job is accepted with a warning', async (t) => {
  const { ask, source } = await createHttpService(t)
  source.fails(new ServiceError('provider_unavailable', 'scripted cannot be reached.'))
  const { status, json } = await ask('/prices/poll', { method: 'POST', body: { symbol: 'AAPL', interval_seconds: 60 } })
  assert.equal(status, 202)
  assert.match(json().warning, /did not confirm AAPL: scripted cannot be reached\./)
})

test('another interval or other market hours are reported as replaced, and hours are kept where none are given', async (t) => {
  const { ask } = await createHttpService(t)
  const post = async (body: object) =>
    (await ask('/prices/poll', { method: 'POST', body: { interval_seconds: 60, ...body } })).json()
  const first = await post({ symbol: 'AAPL', market_hours: 'regular' })
  assert.deepEqual(
    [first.replaced, first.jobs[0].market_hours, first.jobs[0].paused_reason],
    [undefined, 'regular', null],
  )
  const second = await post({ symbols: ['AAPL', 'MSFT'], interval_seconds: 30 })
  assert.deepEqual(second.replaced, ['AAPL'])
  assert.deepEqual(
    second.jobs.map((job: { market_hours: string }) => job.market_hours),
    ['regular', 'always'],
  )
  const path = `/prices/poll/${first.job_id}`
  const changed = await ask(path, { method: 'PATCH', body: { market_hours: 'extended' } })
  assert.equal(changed.json().market_hours, 'extended')
  assert.equal((await ask(path, { method: 'PATCH', body: { market_hours: 'sometimes' } })).status, 422)
})

test('jobs can be listed by symbol, provider and status, page by page', async (t) => {
  const { ask } = await createHttpService(t)
  const body = { symbols: ['AAPL', 'AAP', 'MSFT', 'BA'], interval_seconds: 60 }
  const { jobs } = (await ask('/prices/poll', { method: 'POST', body })).json()
  await ask(`/prices/poll/${jobs[2].job_id}`, { method: 'PATCH', body: { status: 'paused' } })
  const list = async (query: string) => (await ask(`/prices/poll?${query}`)).json()
  assert.deepEqual(symbolsOf(await list('q=aap')), ['AAP', 'AAPL'])
  assert.deepEqual(symbolsOf(await list('status=paused')), ['MSFT'])
  assert.deepEqual(symbolsOf(await list('status=active&provider=alias&q=A')), ['AAP', 'AAPL', 'BA'])
  assert.deepEqual(symbolsOf(await list('provider=import')), [])
  assert.equal((await ask('/prices/poll?provider=nosuch')).status, 404)
  assert.deepEqual(symbolsOf(await list('q=%25')), [])
  const page = await list('q=aap&limit=1')
  assert.match(page.next_url, /q=aap/)
  assert.equal((await ask(page.next_url)).json().data.length, 1)
})

test('imported prices are answered from the store, are never a failure, and cannot be polled', async (t) => {
  const { ask, pool, source } = await createHttpService(t)
  await importPrice(pool)
  const old = await ask('/prices/latest?symbol=AAPL&provider=import&max_age=0')
  assert.deepEqual([old.status, old.json().price, old.json().freshness], [200, 185.9, 'unknown'])
  const none = await ask('/prices/latest?symbol=MSFT&provider=import')
  assert.deepEqual([none.status, none.json().code, none.json().retryable], [404, 'no_price', false])
  const job = await ask('/prices/poll', {
    method: 'POST',
    body: { symbol: 'AAPL', provider: 'import', interval_seconds: 60 },
  })
  assert.deepEqual([job.status, job.json().code], [422, 'invalid_request'])
  assert.match(job.json().detail, /come from files/)
  const health = (await ask('/health')).json()
  assert.deepEqual(
    [health.status, health.providers.map((one: { provider: string }) => one.provider)],
    ['ok', ['scripted']],
  )
  const { data } = (await ask('/providers')).json()
  assert.deepEqual(
    data.map((one: { provider: string; can_be_polled: boolean; status: string }) => [
      one.provider,
      one.can_be_polled,
      one.status,
    ]),
    [
      ['scripted', true, 'ok'],
      ['import', false, null],
    ],
  )
  assert.equal(source.asked.length, 0)
})

function symbolsOf(page: { data: { symbol: string }[] }): string[] {
  return page.data.map(({ symbol }) => symbol).toSorted()
}

/** Stores a price that was imported a month ago. */
async function importPrice(pool: pg.Pool): Promise<void> {
  const receivedAt = instantFromMillis(Date.now() - 30 * 86_400_000)
  const given = { ...quoteOf({ price: '185.9' }), provider: 'import', eventTime: receivedAt }
  const quote = { ...given, marketState: 'unknown', delaySeconds: null } as const
  const request = { provider: 'import', symbols: ['AAPL'], request: 'import', status: 200, parserVersion: 1 }
  await createStoreReply(pool)({ ...request, body: Buffer.from('185.9'), receivedAt }, [{ symbol: 'AAPL', quote }])
}
