import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ServiceError } from '../../../src/errors.ts'
import type { QuoteProvider, SymbolMatch } from '../../../src/core/prices/quote.ts'
import { createStoreReply } from '../../../src/postgres/ingest/store-reply.ts'
import { createHttpService, type HttpService, type Json } from '../../support/http-service.ts'
import { createScriptedProvider } from '../../support/scripted-provider.ts'

const FOUND = ['AAPL', 'AB', 'MSFT', 'A', 'AZ']

test('pages of any size list every symbol once: the stored ones, then those that only the provider knows', async (t) => {
  const service = await createSearching(t)
  await service.store(...['AB', 'BA', 'AAPL', 'MSFT', 'NVDA'].map((symbol) => ({ symbol })))
  for (const limit of [1, 2, 3, 100]) {
    const stored = await readPages(service, `/symbols?limit=${limit}`)
    assert.deepEqual(symbolsOf(stored), ['AAPL', 'AB', 'BA', 'MSFT', 'NVDA'])
    const found = await readPages(service, `/symbols?q=a&limit=${limit}`)
    assert.deepEqual(symbolsOf(found), ['AAPL', 'AB', 'BA', 'NVDA', 'MSFT', 'A', 'AZ'], `limit ${limit}`)
    const isStored = found.filter((one) => one.is_stored)
    assert.deepEqual(symbolsOf(isStored), ['AAPL', 'AB', 'BA', 'NVDA', 'MSFT'])
    assert.ok(isStored.every((one) => one.last_price_at !== null))
  }
})

test('if the provider fails, stored symbols are listed with its error; if none is stored, the error is the response', async (t) => {
  const service = await createSearching(t, new ServiceError('provider_unavailable', 'As scripted.'))
  assert.equal((await service.ask('/symbols?q=a')).status, 502)
  await service.store({ symbol: 'AAPL' }, { symbol: 'AB' })
  const first = (await service.ask('/symbols?q=a&limit=1')).json()
  assert.deepEqual([symbolsOf(first.data), first.provider_error], [['AAPL'], undefined])
  const second = (await service.ask(first.next_url)).json()
  assert.deepEqual([symbolsOf(second.data), second.next_cursor], [['AB'], null])
  assert.equal(second.provider_error.code, 'provider_unavailable')
})

test('a cursor of another list is refused', async (t) => {
  const { ask } = await createHttpService(t)
  for (const text of ['x', 'stored A', 'stored A\0 p', 'found x']) {
    const cursor = Buffer.from(text).toString('base64url')
    assert.equal((await ask(`/symbols?cursor=${cursor}`)).status, 422, text)
  }
})

async function createSearching(t: Parameters<typeof createHttpService>[0], failure?: ServiceError) {
  const searchSymbols = () =>
    failure ? Promise.reject(failure) : Promise.resolve(FOUND.map((symbol) => matchOf(symbol)))
  const source = { ...createScriptedProvider(), searchSymbols }
  return createHttpService(t, { prices: { providers: { get: () => source, list: () => [source] } } })
}

function matchOf(symbol: string): SymbolMatch {
  return { symbol, providerSymbol: symbol, name: `${symbol} Inc.`, exchange: 'X', kind: 'equity' }
}

async function readPages({ ask }: HttpService, path: string): Promise<Json[]> {
  const rows: Json[] = []
  for (let next: string | null = path; next !== null;) {
    const page = (await ask(next)).json()
    rows.push(...page.data)
    next = page.next_url
  }
  return rows
}

function symbolsOf(rows: readonly Json[]): string[] {
  return rows.map((row) => row.symbol)
}

test('stored symbols have the name, exchange, type and currency that the provider gave, and are found by the name', async (t) => {
  const source = { ...createScriptedProvider(), searchSymbols: () => Promise.resolve([matchOf('AAPL')]) }
  const { parseReply } = source
  const details = { name: 'Apple Inc.', exchange: 'NasdaqGS', exchangeCode: 'NMS', type: 'equity' }
  const provider = {
    ...source,
    parseReply: (reply: Parameters<typeof parseReply>[0]) =>
      parseReply(reply).map((one) => Object.assign(one, { details })),
  }
  const ingest = createIngestOf(provider)
  const service = await createHttpService(t, { prices: { providers: { get: () => provider, list: () => [provider] } } })
  await ingest(service)
  const { data } = (await service.ask('/symbols?q=apple')).json()
  assert.equal(data.length, 1, 'the same symbol is not listed again as a match of the provider')
  const { name, exchange, type, currency, is_stored } = data[0]
  assert.deepEqual([name, exchange, type, currency, is_stored], ['Apple Inc.', 'NasdaqGS', 'equity', 'USD', true])
  assert.equal((await service.ask('/prices/latest?symbol=AAPL&max_age=60')).json().name, 'Apple Inc.')
})

test('an index with an underscore is stored, found and priced like any other symbol', async (t) => {
  const { ask } = await createHttpService(t)
  assert.equal((await ask('/prices/latest?symbol=nifty_fin_service.ns')).status, 200)
  assert.deepEqual(symbolsOf((await ask('/symbols?q=nifty_fin')).json().data), ['NIFTY_FIN_SERVICE.NS', 'NIFTY_FIN'])
})

/** Stores what a provider quotes, as a poll does. */
function createIngestOf(provider: QuoteProvider) {
  return async ({ pool }: HttpService) => {
    const reply = await provider.fetchReply(['AAPL'], new AbortController().signal)
    await createStoreReply(pool)(reply, provider.parseReply(reply))
  }
}
